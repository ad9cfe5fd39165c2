// The vector kernels of the resize, on the target that base/simd_target.h names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "image/resize_axis.h"

namespace unreel::image {

/**
 * Rows are taken through the horizontal pass a block at a time: as many rows as the target has 32-bit lanes. A block
 * holds the rows' samples by groups of 4 neighbours: group, then channel, then row, then the 4 samples.
 * 4, 8 or 16.
 */
std::size_t rows_of_block();

/// Most rows that a block has on any target.
inline constexpr std::size_t kMostRows = 16;

/// Bytes of a block whose lines have `samples` samples.
std::size_t bytes_of_block(std::size_t samples, std::size_t rows);

/// Fills a block from rows of pixels of `step` bytes, 3 or 4; order: which byte of a pixel is R, G, B.
/// rows: rows_of_block() of them, `count` pixels each; nothing beyond is read.
void fill_block_packed(const std::uint8_t* const* rows, int step, const std::array<int, 3>& order, std::size_t count,
                       std::uint8_t* block);

/// Fills a block from lines of one channel each: lines[c][row], `count` bytes each; nothing beyond is read.
void fill_block_planar(const std::uint8_t* const (*lines)[kMostRows], std::size_t count, std::uint8_t* block);

/**
 * The horizontal pass over a block whose first group is `first_group` of the axis. Rows come out in groups of 4, too:
 * out[g] for g < rows_of_block() / 4 gets, for each output sample and channel, the bytes of the block's rows 4g to
 * 4g + 3; padded_length(size) dwords are written. scratch: bytes_of_narrowed(size).
 */
void narrow_block(const std::uint8_t* block, const Axis& axis, std::int64_t first_group, std::uint8_t* scratch,
                  std::uint32_t* const* out);

/// 3 * size, and what kernels that work on whole vectors read and write beyond it.
std::size_t padded_length(std::size_t size);
std::size_t bytes_of_narrowed(std::size_t size);

/**
 * The vertical pass for output sample `output` of the axis: lines[i] holds group `first + i` of its tap, as
 * narrow_block() leaves them. out: `length` bytes.
 */
void resize_column_groups(const std::uint32_t* const* lines, const Axis& axis, std::size_t output, std::size_t length,
                          std::uint8_t* out);

}  // namespace unreel::image
