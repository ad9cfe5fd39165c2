// The libav inside this binary as a whole: its version, its log, its memory.
#pragma once

namespace unreel::media {

/// Keeps libav from writing to stderr, since whatever matters reaches the caller as an Error or a count, and bounds
/// each single allocation of its: a header may claim any size. Any thread, any number of times; every entry into libav
/// calls it first.
void prepare_libav();

}  // namespace unreel::media
