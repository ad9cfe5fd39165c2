// A source of bytes as libav reads it.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>

#include "media/av_ptr.h"
#include "media/byte_source.h"

namespace unreel::media {

/**
 * libav's view of a ByteSource: an AVIOContext that reads and seeks in it. Not thread-safe. What the source throws
 * cannot pass through libav's C code: it is kept and thrown again by rethrow(), to be called after every call into
 * libav.
 */
class ByteInput {
 public:
  /// `interrupt` outlives the input.
  ByteInput(std::shared_ptr<ByteSource> source, const Interrupt& interrupt);
  ByteInput(const ByteInput&) = delete;
  ByteInput& operator=(const ByteInput&) = delete;
  ~ByteInput();

  AVIOContext* context() const { return context_; }

  /// Throws what reading failed with since the last call, if it did.
  void rethrow();

 private:
  static int read(void* self, std::uint8_t* to, int count);
  static std::int64_t seek(void* self, std::int64_t offset, int whence);

  std::shared_ptr<ByteSource> source_;
  const Interrupt& interrupt_;
  AVIOContext* context_ = nullptr;
  std::int64_t position_ = 0;
  std::exception_ptr failure_;
};

}  // namespace unreel::media
