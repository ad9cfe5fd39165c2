#include "media/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

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

}  // namespace

std::int64_t checked_file_size(const std::string& path) {
  if (path.find('\0') != std::string::npos) {
    throw Error(ErrorCode::invalid_argument, "A path must not hold a NUL byte.");
  }
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) throw errno_failure(path, errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(ErrorCode::is_a_directory, path + " is a folder. Name a video file.").with("path", path);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorCode::not_readable, path + " is not a regular file.").with("path", path);
  }
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw errno_failure(path, errno);
  close(file);
  if (status.st_size == 0) {
    throw Error(ErrorCode::empty_file, "The file " + path + " is empty.").with("path", path);
  }
  return status.st_size;
}

std::string file_url(const std::string& path) { return "file:" + path; }

}  // namespace unreel::media
