// The libav inside this binary as a whole: its version, and its log.
#pragma once

namespace unreel::media {

/// Keeps libav from writing to stderr: whatever matters reaches the caller as an Error or a count. Any thread, any
/// number of times; every entry into libav calls it first.
void silence_libav();

}  // namespace unreel::media
