// A shared library that is not ONNX Runtime.

extern "C" __attribute__((visibility("default"))) int unreel_other_library() { return 0; }
