// Where a video's bytes come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "media/interrupt.h"

namespace unreel::media {

/**
 * Bytes that can be read at any place, again and again. Shared by all who read the same input, a demuxer each; every
 * member may be called from any thread at any time.
 */
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// What messages call it: a path, a URL, "the stream".
  virtual const std::string& name() const = 0;

  /// Bytes altogether; nothing while that is not known, as of a stream that has not ended.
  virtual std::optional<std::int64_t> size() const = 0;

  /// Up to `count` bytes from `offset` on; 0 only at or beyond the end. Waits for bytes that are still to come, and
  /// ends the wait when `interrupt` fires. Throws io, what the producer of the bytes failed with, and as
  /// Interrupt::check().
  virtual std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count, const Interrupt& interrupt) = 0;
};

/// Makes the source on the thread that needs it first: looking at a file is no work for the JavaScript thread.
using OpenSource = std::function<std::shared_ptr<ByteSource>()>;

}  // namespace unreel::media
