// How a loaded library is kept from other people's NEEDED entries.
#pragma once

namespace unreel::onnx {

/**
 * Takes the name that the library `handle` (of dlopen) gives itself, its DT_SONAME, out of the dynamic linker's sight.
 * RTLD_LOCAL hides symbols, not this name: without it, a library that is loaded later and needs "libonnxruntime.so.1"
 * gets ours, whatever version it was built for, and is refused when its symbol versions are not there. Where the
 * linker's data cannot be written, all stays as it was. Thread-safe for different handles.
 */
void hide_soname(void* handle);

}  // namespace unreel::onnx
