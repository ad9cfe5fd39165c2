#include "onnx/library.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/error.h"
#include "onnx/api.h"
#include "onnx/soname.h"

namespace unreel::onnx {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMend =
    "Run `rm -rf node_modules/onnxruntime-node && npm install --ignore-scripts`, or set UNREEL_ONNXRUNTIME to a "
    "libonnxruntime.so.1 or to the folder that holds it.";

std::atomic<const Library*> instance{nullptr};
Ort::Env* leaked_environment = nullptr;

Error not_found(const std::string& path, const std::string& reason) {
  return Error(ErrorCode::onnxruntime_not_found,
               "ONNX Runtime cannot be loaded from " + path + ": " + reason + ". " + kMend)
      .with("path", path);
}

/// The library in `folder`: the soname first, then the development link, then the highest numbered file.
fs::path library_in(const fs::path& folder) {
  std::error_code ignored;
  for (const char* name : {"libonnxruntime.so.1", "libonnxruntime.so"}) {
    if (fs::exists(folder / name, ignored)) return folder / name;
  }
  std::vector<fs::path> numbered;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().rfind("libonnxruntime.so.", 0) == 0) numbered.push_back(entry.path());
  }
  if (numbered.empty()) throw not_found((folder / "libonnxruntime.so.1").string(), "there is no such file");
  return *std::max_element(numbered.begin(), numbered.end());
}

std::string resolve(const std::string& path) {
  std::error_code error;
  fs::path file = path;
  if (fs::is_directory(file, error)) file = library_in(file);
  const fs::path canonical = fs::canonical(file, error);
  if (error == std::errc::no_such_file_or_directory) throw not_found(file.string(), "there is no such file");
  if (error) throw not_found(file.string(), error.message());
  return canonical.string();
}

/// Words of dlopen and dlsym, for the thread that called them.
std::string dl_words() {
  const char* words = dlerror();
  return words == nullptr ? "unknown reason" : words;
}

/**
 * One arena for all sessions, which grows by what is asked for and not by doubling: it never holds much more than the
 * runs that went on at once have needed. Seen with ViT-B/32, two runs at once: 456 MB instead of 555, at the same
 * speed.
 */
void share_arena(Ort::Env& environment) {
  constexpr std::size_t kNoLimit = 0;
  constexpr int kAsRequested = 1;
  constexpr int kDefault = -1;
  const Ort::ArenaCfg arena(kNoLimit, kAsRequested, kDefault, kDefault);
  environment.CreateAndRegisterAllocator(Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault), arena);
}

void ORT_API_CALL discard(void*, OrtLoggingLevel, const char*, const char*, const char*, const char*) {}

}  // namespace

Ort::Env& environment() { return *leaked_environment; }

const Library* Library::loaded() { return instance.load(std::memory_order_acquire); }

const Library& Library::load(const std::string& path) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  std::string file = resolve(path);
  if (const Library* library = loaded()) {
    if (library->path() != file) {
      throw Error(ErrorCode::invalid_argument, "ONNX Runtime is already loaded from " + library->path() +
                                                   "; a process cannot change to " + file +
                                                   ". Start another process for it.")
          .with("path", file)
          .with("loaded", library->path());
    }
    return *library;
  }
  const auto* library = new Library(std::move(file));
  instance.store(library, std::memory_order_release);
  return *library;
}

Library::Library(std::string path) : path_(std::move(path)) {
  // Read when the environment is made, before it can be told otherwise: its telemetry looks at the machine's id and the
  // command line, and writes to the user's home.
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  void* handle = dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw not_found(path_, dl_words());
  hide_soname(handle);
  const auto base = reinterpret_cast<const OrtApiBase*(ORT_API_CALL*)()>(dlsym(handle, "OrtGetApiBase"));
  if (base == nullptr) throw not_found(path_, "it is another library, without OrtGetApiBase");
  version_ = base()->GetVersionString();
  const OrtApi* api = base()->GetApi(ORT_API_VERSION);
  if (api == nullptr) {
    throw Error(ErrorCode::onnxruntime_version, "ONNX Runtime " + version_ + " at " + path_ +
                                                    " is too old: unreel needs 1." + std::to_string(ORT_API_VERSION) +
                                                    " or newer. " + kMend)
        .with("path", path_)
        .with("version", version_);
  }
  Ort::InitApi(api);
  try {
    auto environment = std::make_unique<Ort::Env>(ORT_LOGGING_LEVEL_ERROR, "unreel", discard, nullptr);
    environment->DisableTelemetryEvents();
    share_arena(*environment);
    leaked_environment = environment.release();
  } catch (const Ort::Exception& error) {
    throw not_found(path_, error.what());
  }
}

}  // namespace unreel::onnx
