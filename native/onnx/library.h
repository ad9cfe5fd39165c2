// ONNX Runtime, loaded by absolute path and kept apart from any other copy in the process.
#pragma once

#include <string>

namespace unreel::onnx {

/// The library and its environment. Loaded once per process and never unloaded: ORT's threads may outlive any owner.
class Library {
 public:
  /**
   * The process-wide instance, loaded from `path` (a file, or a folder that holds libonnxruntime.so*) on the first
   * call. A later call with another file throws invalid_argument; after a failure another path may be tried. dlopen
   * with RTLD_NOW | RTLD_LOCAL, its name hidden (soname.h), C API 21. Telemetry is off, and ORT writes nothing to
   * stderr: what it has to say of a failure is in the error. Throws onnxruntime_not_found (names the file and the
   * mending command), onnxruntime_version. Thread-safe.
   */
  static const Library& load(const std::string& path);
  /// The instance if load() succeeded before, else nullptr. Thread-safe.
  static const Library* loaded();

  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// The loaded file: absolute, symbolic links resolved.
  const std::string& path() const { return path_; }
  /// What the library says of itself: "1.30.0".
  const std::string& version() const { return version_; }

 private:
  explicit Library(std::string path);
  ~Library() = default;

  std::string path_;
  std::string version_;
};

}  // namespace unreel::onnx
