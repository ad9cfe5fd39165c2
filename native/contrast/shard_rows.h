// Training rows that stay in the files of a feature store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/open_files.h"
#include "contrast/rows.h"

namespace unreel::contrast {

/// How a file holds a number: little endian, as numpy's <f2 and <f4.
enum class ElementType { float16, float32 };

/// An .npy file of vectors, C order.
struct Shard {
  std::string path;
  std::size_t offset = 0;  ///< of the first vector, in bytes
  std::size_t rows = 0;
  ElementType type = ElementType::float16;
};

/// Where a row lies.
struct RowPlace {
  std::uint32_t shard = 0;  ///< index in the list of shards
  std::uint32_t row = 0;    ///< of the shard
};

/**
 * Rows of any shards in any order, read as they are asked for: memory holds 8 bytes a row and what one call needs,
 * however large the files are.
 *
 * Files are read with pread and not mapped: a file that is cut while it is read is an error, not a signal, and its
 * pages do not count as the process's memory. Rows of one call that are neighbours in a file are read together. At most
 * `kMostOpen` files are open at a time, apart from those that are read at that moment.
 */
class ShardRows final : public RowSource {
 public:
  static constexpr std::size_t kMostOpen = 64;

  /// places: one a row. Opens nothing. Throws internal for a place outside its shard.
  ShardRows(std::vector<Shard> shards, std::size_t dims, std::vector<RowPlace> places);

  std::size_t rows() const override { return places_.size(); }
  std::size_t dims() const override { return dims_; }

  /// Throws, besides not_finite, store_corrupt when a file is missing or shorter than its rows, not_readable, io; each
  /// with `path`.
  void gather(const std::size_t* rows, std::size_t count, float* out) const override;

 private:
  struct Wanted;
  std::size_t row_bytes(const Shard& shard) const;
  /// Rows of one shard that follow each other, or are the same.
  void read_run(const Wanted* begin, const Wanted* end, std::vector<char>& buffer, float* out) const;

  const std::vector<Shard> shards_;
  const std::size_t dims_;
  const std::vector<RowPlace> places_;
  mutable OpenFiles files_;
};

}  // namespace unreel::contrast
