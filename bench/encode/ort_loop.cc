// The peer of bench/encode: ONNX Runtime's own C++ API in a loop over a model, and nothing of unreel's.
//
//   ort_loop --library FILE --model FILE --input FILE --size SIDE --out FILE
//            [--batch N] [--threads N] [--runs N] [--spin 0|1] [--arena 0|1] [--extend 0|1] [--pattern 0|1] [--shrink
//            0|1]
//
// --input holds normalised float32 pictures of 3 x SIDE x SIDE; --out gets the embeddings as float32. Loads, runs all
// pictures once, writes the embeddings and says so in a line of JSON; then runs all of them again for each line on
// stdin, and answers with the seconds it took, those of all threads' work, and the most memory the process has held.
#define ORT_API_MANUAL_INIT
#include <dlfcn.h>
#include <onnxruntime_cxx_api.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Of all threads: on a busy machine it tells more than the clock on the wall.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// --name value pairs of the command line; a flag that is not given has its default.
class Flags {
 public:
  Flags(int argc, char** argv) {
    for (int i = 1; i + 1 < argc; i += 2) values_[argv[i]] = argv[i + 1];
  }

  std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::runtime_error(name + " is missing");
    return found->second;
  }

  int number(const std::string& name, int by_default) const {
    return values_.count(name) == 0 ? by_default : std::stoi(values_.at(name));
  }

 private:
  std::map<std::string, std::string> values_;
};

/// Opens the library for the C++ API; gives what it says of its version.
std::string open_library(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw std::runtime_error(dlerror());
  const auto base = reinterpret_cast<const OrtApiBase*(ORT_API_CALL*)()>(dlsym(handle, "OrtGetApiBase"));
  Ort::InitApi(base()->GetApi(ORT_API_VERSION));
  return base()->GetVersionString();
}

/// With --extend, the process's arena grows by what was asked for (1) or by powers of two (0), and sessions share it.
void choose_arena(Ort::Env& env, Ort::SessionOptions& options, const Flags& flags) {
  if (flags.number("--arena", 1) == 0) options.DisableCpuMemArena();
  const int extend = flags.number("--extend", -1);
  if (extend < 0) return;
  const Ort::ArenaCfg config(0, extend, -1, -1);
  env.CreateAndRegisterAllocator(Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault), config);
  options.AddConfigEntry("session.use_env_allocators", "1");
}

Ort::SessionOptions session_options(Ort::Env& env, const Flags& flags) {
  Ort::SessionOptions options;
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  options.SetIntraOpNumThreads(flags.number("--threads", 1));
  options.SetInterOpNumThreads(1);
  options.AddConfigEntry("session.intra_op.allow_spinning", flags.number("--spin", 1) != 0 ? "1" : "0");
  options.AddConfigEntry("session.set_denormal_as_zero", "1");
  if (flags.number("--pattern", 1) == 0) options.DisableMemPattern();
  choose_arena(env, options, flags);
  return options;
}

std::vector<float> read_floats(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<float> values(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
  if (!file) throw std::runtime_error(path + " cannot be read");
  return values;
}

/// All pictures through one session, in batches whose inputs and outputs are bound once.
class Loop {
 public:
  Loop(Ort::Session& session, const Flags& flags)
      : session_(session), runs_(flags.number("--runs", 1)), pixels_(read_floats(flags.text("--input"))) {
    const std::int64_t side = flags.number("--size", 224);
    const std::int64_t picture = 3 * side * side;
    const auto count = static_cast<std::int64_t>(pixels_.size()) / picture;
    const std::int64_t batch = flags.number("--batch", 1);
    const std::int64_t dimension = session.GetOutputTypeInfo(0).GetTensorTypeAndShapeInfo().GetShape().back();
    if (dimension < 1) throw std::runtime_error("the model's first output has no fixed length");
    embeddings_.resize(static_cast<std::size_t>(count * dimension));
    for (std::int64_t at = 0; at < count; at += batch) {
      const std::int64_t taken = std::min(batch, count - at);
      bind(pixels_.data() + at * picture, {taken, 3, side, side}, embeddings_.data() + at * dimension,
           {taken, dimension});
    }
    if (flags.number("--shrink", 0) != 0) run_options_.AddConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
  }

  const std::vector<float>& embeddings() const { return embeddings_; }

  double pass() {
    const Clock::time_point begin = Clock::now();
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < bindings_.size(); i = next++) session_.Run(run_options_, bindings_[i]);
    };
    std::vector<std::thread> others;
    for (int i = 1; i < runs_; ++i) others.emplace_back(work);
    work();
    for (std::thread& other : others) other.join();
    return seconds_since(begin);
  }

 private:
  void bind(float* input, const std::array<std::int64_t, 4>& input_shape, float* output,
            const std::array<std::int64_t, 2>& output_shape) {
    const auto tensor = [](float* data, const auto& shape) {
      static const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
      std::size_t values = 1;
      for (const std::int64_t size : shape) values *= static_cast<std::size_t>(size);
      return Ort::Value::CreateTensor<float>(memory, data, values, shape.data(), shape.size());
    };
    Ort::AllocatorWithDefaultOptions allocator;
    Ort::IoBinding& binding = bindings_.emplace_back(session_);
    binding.BindInput(session_.GetInputNameAllocated(0, allocator).get(), tensor(input, input_shape));
    binding.BindOutput(session_.GetOutputNameAllocated(0, allocator).get(), tensor(output, output_shape));
  }

  Ort::Session& session_;
  const int runs_;
  std::vector<float> pixels_;
  std::vector<float> embeddings_;
  std::vector<Ort::IoBinding> bindings_;
  Ort::RunOptions run_options_;
};

void answer_requests(const Flags& flags) {
  const std::string version = open_library(flags.text("--library"));
  Ort::Env env(ORT_LOGGING_LEVEL_ERROR, "ort_loop");
  const Ort::SessionOptions options = session_options(env, flags);
  const Clock::time_point begin = Clock::now();
  Ort::Session session(env, flags.text("--model").c_str(), options);
  const double load_seconds = seconds_since(begin);
  Loop loop(session, flags);
  loop.pass();
  std::ofstream out(flags.text("--out"), std::ios::binary);
  out.write(reinterpret_cast<const char*>(loop.embeddings().data()),
            static_cast<std::streamsize>(loop.embeddings().size() * sizeof(float)));
  out.close();
  if (!out) throw std::runtime_error(flags.text("--out") + " cannot be written");
  std::printf("{\"version\": \"%s\", \"loadSeconds\": %.3f, \"peakMb\": %.0f}\n", version.c_str(), load_seconds,
              peak_megabytes());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const double before = cpu_seconds();
    const double seconds = loop.pass();
    std::printf("{\"seconds\": %.6f, \"cpuSeconds\": %.6f, \"peakMb\": %.0f}\n", seconds, cpu_seconds() - before,
                peak_megabytes());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    answer_requests(Flags(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "ort_loop: " << error.what() << '\n';
    return 1;
  }
}
