// What OrtGetApiBase of an ONNX Runtime 1.20 answers to who asks for API 21: its version, and no API.

#include <cstdint>

namespace {

struct ApiBase {
  const void* (*get_api)(std::uint32_t version);
  const char* (*get_version_string)();
};

const void* no_api(std::uint32_t) { return nullptr; }
const char* version() { return "1.20.1"; }
constexpr ApiBase kBase{no_api, version};

}  // namespace

extern "C" __attribute__((visibility("default"))) const ApiBase* OrtGetApiBase() { return &kBase; }
