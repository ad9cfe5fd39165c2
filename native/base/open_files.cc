#include "base/open_files.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace unreel {
namespace {

Error read_failed(ErrorCode code, const std::string& path, int cause) {
  return Error(code, path + " cannot be read: " + std::strerror(cause)).with("path", path);
}

ErrorCode code_of_open(int cause) {
  if (cause == ENOENT || cause == ENOTDIR) return ErrorCode::not_found;
  if (cause == EACCES || cause == EPERM) return ErrorCode::not_readable;
  return ErrorCode::io;
}

std::shared_ptr<const UniqueFd> opened(const std::string& path) {
  auto fd = std::make_shared<const UniqueFd>(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!*fd) throw read_failed(code_of_open(errno), path, errno);
  return fd;
}

}  // namespace

std::shared_ptr<const UniqueFd> OpenFiles::get(std::size_t file) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = places_.find(file);
  if (known != places_.end()) {
    recent_.splice(recent_.begin(), recent_, known->second);
    return known->second->fd;
  }
  recent_.push_front({file, opened(paths_[file])});
  places_[file] = recent_.begin();
  if (recent_.size() > most_) {
    places_.erase(recent_.back().file);
    recent_.pop_back();
  }
  return recent_.front().fd;
}

std::size_t read_at(const UniqueFd& fd, const std::string& path, std::size_t offset, std::size_t bytes, void* out) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        pread(fd.get(), static_cast<char*>(out) + done, bytes - done, static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw read_failed(ErrorCode::io, path, errno);
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace unreel
