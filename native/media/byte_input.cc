#include "media/byte_input.h"

#include <cerrno>
#include <cstdio>
#include <utility>

#include "media/av_error.h"

namespace unreel::media {
namespace {

/// One read of a disk's read-ahead; libav reads larger packets past the buffer.
constexpr int kBufferBytes = 64 << 10;

}  // namespace

ByteInput::ByteInput(std::shared_ptr<ByteSource> source, const Interrupt& interrupt)
    : source_(std::move(source)), interrupt_(interrupt) {
  auto* buffer = av_allocated(static_cast<std::uint8_t*>(av_malloc(kBufferBytes)));
  context_ = avio_alloc_context(buffer, kBufferBytes, 0, this, read, nullptr, seek);
  if (context_ == nullptr) {
    av_free(buffer);
    av_allocated(context_);
  }
}

ByteInput::~ByteInput() {
  av_freep(&context_->buffer);  // libav may have put another one in place of ours
  avio_context_free(&context_);
}

void ByteInput::rethrow() {
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

int ByteInput::read(void* self, std::uint8_t* to, int count) {
  auto& input = *static_cast<ByteInput*>(self);
  try {
    const std::size_t got = input.source_->read(input.position_, to, static_cast<std::size_t>(count), input.interrupt_);
    if (got == 0) return AVERROR_EOF;
    input.position_ += static_cast<std::int64_t>(got);
    return static_cast<int>(got);
  } catch (...) {
    input.failure_ = std::current_exception();
    return AVERROR(EIO);
  }
}

std::int64_t ByteInput::seek(void* self, std::int64_t offset, int whence) {
  auto& input = *static_cast<ByteInput*>(self);
  const std::optional<std::int64_t> size = input.source_->size();
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return size ? *size : AVERROR(ENOSYS);
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += input.position_;
      break;
    case SEEK_END:
      if (!size) return AVERROR(ENOSYS);
      offset += *size;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset < 0) return AVERROR(EINVAL);
  input.position_ = offset;
  return offset;
}

}  // namespace unreel::media
