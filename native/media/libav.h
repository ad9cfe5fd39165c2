// The libav inside this binary as a whole: its version, its log, its memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unreel::media {

/// The most that libav may allocate at once.
constexpr std::size_t kLargestAllocation = std::size_t{1} << 30;

/// Keeps libav from writing to stderr, since whatever matters reaches the caller as an Error or a count, and bounds
/// each single allocation of its: a header may claim any size. Any thread, any number of times; every entry into libav
/// calls it first.
void prepare_libav();

/// What libav has refused on a thread and tells in its log alone: its error numbers are the same as for damage.
struct LibavRefusals {
  std::int64_t pixels = 0;   ///< of the largest picture that is larger than libav takes
  std::int64_t streams = 0;  ///< more than so many
};

/// Of the calling thread, since it was asked last.
LibavRefusals take_libav_refusals();

}  // namespace unreel::media
