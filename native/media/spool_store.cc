#include "media/spool_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"

namespace unreel::media {
namespace {

std::string temporary_folder() {
  const char* named = std::getenv("TMPDIR");
  return named == nullptr || *named == '\0' ? "/tmp" : named;
}

Error failure(int error) {
  const bool full = error == ENOSPC || error == EDQUOT;
  const std::string folder = temporary_folder();
  return Error(ErrorCode::io, "The bytes of a stream cannot be kept in " + folder + ": " +
                                  (full ? "there is no room left" : std::strerror(error)) +
                                  ". Make room there, or set TMPDIR to another folder.")
      .with("path", folder);
}

/// A file that nobody else can open and that ends with its last descriptor.
UniqueFd nameless_file() {
  const std::string folder = temporary_folder();
  UniqueFd file(open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600));
  if (file) return file;
  // Not every file system has O_TMPFILE.
  std::string path = folder + "/unreel-spool-XXXXXX";
  file = UniqueFd(mkostemp(path.data(), O_CLOEXEC));
  if (!file) throw failure(errno);
  unlink(path.c_str());
  return file;
}

void write_all(int file, std::int64_t offset, const std::uint8_t* data, std::size_t count) {
  while (count > 0) {
    const ssize_t wrote = pwrite(file, data, count, offset);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) throw failure(wrote < 0 ? errno : ENOSPC);
    offset += wrote;
    data += wrote;
    count -= static_cast<std::size_t>(wrote);
  }
}

}  // namespace

void SpoolStore::write(std::int64_t offset, const std::uint8_t* data, std::size_t count) {
  if (count == 0) return;
  int file = -1;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t end = offset + static_cast<std::int64_t>(count);
    if (!file_ && end <= kMemoryBytes) {
      if (memory_.size() < static_cast<std::size_t>(end)) memory_.resize(static_cast<std::size_t>(end));
      std::memcpy(memory_.data() + offset, data, count);
      return;
    }
    if (!file_) move_to_file();
    file = file_.get();
  }
  write_all(file, offset, data, count);
}

void SpoolStore::move_to_file() {
  UniqueFd file = nameless_file();
  write_all(file.get(), 0, memory_.data(), memory_.size());
  memory_ = {};
  file_ = std::move(file);
}

void SpoolStore::read(std::int64_t offset, std::uint8_t* to, std::size_t count) const {
  if (count == 0) return;
  int file = -1;
  {
    const std::lock_guard lock(mutex_);
    if (!file_) {
      std::memcpy(to, memory_.data() + offset, count);
      return;
    }
    file = file_.get();
  }
  while (count > 0) {
    const ssize_t got = pread(file, to, count, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw failure(got < 0 ? errno : EIO);
    offset += got;
    to += got;
    count -= static_cast<std::size_t>(got);
  }
}

}  // namespace unreel::media
