#include "media/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/unique_fd.h"

namespace unreel::media {
namespace {

Error errno_failure(const std::string& path, int error) {
  const auto fail = [&](ErrorCode code, const std::string& message) { return Error(code, message).with("path", path); };
  if (error == ENOENT || error == ENOTDIR) {
    return fail(ErrorCode::not_found, "There is no file at " + path + ". Check the path.");
  }
  if (error == EACCES || error == EPERM) {
    return fail(ErrorCode::not_readable, "The file " + path + " may not be read. Check its permissions.");
  }
  return fail(ErrorCode::io, "The file " + path + " cannot be opened: " + std::strerror(error) + ".");
}

class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::string& path) : path_(path) {
    if (path.find('\0') != std::string::npos) {
      throw Error(ErrorCode::invalid_argument, "A path must not hold a NUL byte.");
    }
    // Looked at before it is opened: opening a pipe would wait for its writer.
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0) throw errno_failure(path, errno);
    if (S_ISDIR(status.st_mode)) {
      throw Error(ErrorCode::is_a_directory, path + " is a folder. Name a video file.").with("path", path);
    }
    if (!S_ISREG(status.st_mode)) {
      throw Error(ErrorCode::not_readable, path + " is not a regular file.").with("path", path);
    }
    file_ = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file_) throw errno_failure(path, errno);
    if (status.st_size == 0) {
      throw Error(ErrorCode::empty_file, "The file " + path + " is empty.").with("path", path);
    }
    size_ = status.st_size;
  }

  const std::string& name() const override { return path_; }
  std::optional<std::int64_t> size() const override { return size_; }

  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count, const Interrupt& interrupt) override {
    for (;;) {
      interrupt.check();
      const ssize_t got = pread(file_.get(), to, count, offset);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno == EINTR) continue;
      throw Error(ErrorCode::io, path_ + " cannot be read: " + std::strerror(errno) + ".").with("path", path_);
    }
  }

 private:
  std::string path_;
  UniqueFd file_;
  std::int64_t size_ = 0;
};

}  // namespace

std::shared_ptr<ByteSource> open_file_source(const std::string& path) { return std::make_shared<FileSource>(path); }

}  // namespace unreel::media
