// ORT's C++ API as this room alone sees it. Not for other rooms: they have no include path to ORT.
#pragma once

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

namespace unreel::onnx {

/**
 * The process-wide environment that Library::load() made. Leaked on purpose: destroying it at exit races with ORT's own
 * threads and static objects. Undefined before load() succeeded, which a `const Library&` in hand proves.
 */
Ort::Env& environment();

}  // namespace unreel::onnx
