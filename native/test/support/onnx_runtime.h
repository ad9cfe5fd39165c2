// The ONNX Runtime that the tests run on.
#pragma once

#include <cstdlib>
#include <string>

#include "onnx/library.h"

namespace unreel::test {

/// UNREEL_ONNXRUNTIME, else the one of npm's onnxruntime-node seen from the repository's root.
inline std::string onnx_runtime_path() {
  const char* named = std::getenv("UNREEL_ONNXRUNTIME");
  return named != nullptr && *named != '\0' ? named
                                            : "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1";
}

inline const onnx::Library& onnx_runtime() { return onnx::Library::load(onnx_runtime_path()); }

}  // namespace unreel::test
