// ONNX Runtime, loaded by absolute path and kept apart from any other copy in the process.
#pragma once

#include <string>

struct OrtApi;

namespace unreel::onnx {

/// The library and its environment. Loaded once per process and never unloaded: ORT's threads may outlive any owner.
class Library {
 public:
  /**
   * The process-wide instance, loaded from `path` (a file, or a folder that holds libonnxruntime.so*) on the first call.
   * A later call with another path throws invalid_argument. dlopen with RTLD_NOW | RTLD_LOCAL, API version 21.
   * Throws onnxruntime_not_found (names the file and the mending command), onnxruntime_version. Thread-safe.
   */
  static const Library& load(const std::string& path);
  /// The instance if load() succeeded before, else nullptr.
  static const Library* loaded();

  const std::string& path() const { return path_; }
  const std::string& version() const { return version_; }  ///< "1.30.0"

 private:
  Library(std::string path);

  std::string path_;
  std::string version_;
};

}  // namespace unreel::onnx
