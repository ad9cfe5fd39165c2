// The inference library that the encoders run on, as the rooms above see it.
#pragma once

#include <string>

namespace unreel::clip {

/// The ONNX Runtime of this process.
struct Runtime {
  std::string path;     ///< the loaded file: absolute, symbolic links resolved
  std::string version;  ///< what the library says of itself: "1.30.0"
};

/// Loads ONNX Runtime from `path`, a file or a folder that holds libonnxruntime.so*, once per process; see
/// onnx::Library::load() for what it throws. Thread-safe.
Runtime load_runtime(const std::string& path);

}  // namespace unreel::clip
