#include "media/memory_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace unreel::media {
namespace {

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string name, std::shared_ptr<const std::vector<std::uint8_t>> bytes)
      : name_(std::move(name)), bytes_(std::move(bytes)) {}

  const std::string& name() const override { return name_; }
  std::optional<std::int64_t> size() const override { return static_cast<std::int64_t>(bytes_->size()); }

  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count, const Interrupt& interrupt) override {
    interrupt.check();
    if (offset < 0 || offset >= static_cast<std::int64_t>(bytes_->size())) return 0;
    const std::size_t left = bytes_->size() - static_cast<std::size_t>(offset);
    const std::size_t taken = std::min(left, count);
    std::memcpy(to, bytes_->data() + offset, taken);
    return taken;
  }

 private:
  std::string name_;
  std::shared_ptr<const std::vector<std::uint8_t>> bytes_;
};

}  // namespace

std::shared_ptr<ByteSource> make_memory_source(std::string name,
                                               std::shared_ptr<const std::vector<std::uint8_t>> bytes) {
  if (bytes->empty()) throw Error(ErrorCode::empty_file, "There are no bytes in " + name + ".").with("path", name);
  return std::make_shared<MemorySource>(std::move(name), std::move(bytes));
}

}  // namespace unreel::media
