#include "clip/runtime.h"

#include "onnx/library.h"

namespace unreel::clip {

Runtime load_runtime(const std::string& path) {
  const onnx::Library& library = onnx::Library::load(path);
  return {library.path(), library.version()};
}

}  // namespace unreel::clip
