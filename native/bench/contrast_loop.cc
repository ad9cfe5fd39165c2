// unreel's training step of a linear head by SupCon, again and again: rows -> loss, dW and db, with no weights changed.
//
// usage: contrast_loop steps  FOLDER ROWS IN OUT THREADS GRADIENT
//        contrast_loop memory FOLDER ROWS IN OUT THREADS
//
// FOLDER holds x.f32 (ROWS x IN), labels.i32, weight.f32 (OUT x IN) and bias.f32. `steps` does one step, writes dW and
// db (float32) to GRADIENT and says target and loss in a line of JSON; then it does as many steps as each line on stdin
// asks for and answers with the seconds of one, by stage. `memory` says by how many bytes the process grows at its
// highest.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/simd_target.h"
#include "contrast/device.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Work {
  std::string folder;
  std::size_t rows = 0;
  std::size_t in = 0;
  std::size_t out = 0;
  int threads = 0;
};

std::size_t count_of(const char* text) {
  const unsigned long value = std::stoul(text);
  if (value < 1) throw std::runtime_error("counts must be 1 or more");
  return value;
}

template <class T>
std::vector<T> read_values(const std::string& path, std::size_t count) {
  std::vector<T> values(count);
  const auto bytes = static_cast<std::streamsize>(count * sizeof(T));
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data()), bytes);
  if (file.gcount() != bytes || file.peek() != std::ifstream::traits_type::eof())
    throw std::runtime_error(path + " does not hold " + std::to_string(count) + " values");
  return values;
}

/// What the step reads.
struct Inputs {
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  std::vector<float> weight;
  std::vector<float> bias;

  explicit Inputs(const Work& work)
      : x(read_values<float>(work.folder + "/x.f32", work.rows * work.in)),
        labels(read_values<std::int32_t>(work.folder + "/labels.i32", work.rows)),
        weight(read_values<float>(work.folder + "/weight.f32", work.out * work.in)),
        bias(read_values<float>(work.folder + "/bias.f32", work.out)) {}
};

/// Seconds of forward, loss and backward.
using Stages = std::array<double, 3>;

/// The step on the first `rows` rows; its buffers are made once, as the trainer's are.
class Step {
 public:
  Step(const Inputs& inputs, const Work& work, std::size_t rows)
      : inputs_(inputs),
        shape_{rows, work.in, work.out},
        device_(unreel::contrast::cpu_device(work.threads)),
        u_(rows * work.out),
        du_(rows * work.out),
        weight_gradient_(work.out * work.in),
        bias_gradient_(work.out) {}

  /// Returns the loss and adds the seconds of each stage to `stages`.
  double run(Stages& stages) {
    const Clock::time_point begin = Clock::now();
    device_->forward(inputs_.x.data(), inputs_.weight.data(), inputs_.bias.data(), shape_, u_.data());
    const Clock::time_point projected = Clock::now();
    const double loss = device_->loss({u_.data(), inputs_.labels.data(), {shape_.rows, shape_.out}}, {}, {du_.data()});
    const Clock::time_point compared = Clock::now();
    device_->parameter_gradient(inputs_.x.data(), du_.data(), shape_, weight_gradient_.data(), bias_gradient_.data());
    const Clock::time_point end = Clock::now();
    const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
    stages[0] += seconds(projected - begin);
    stages[1] += seconds(compared - projected);
    stages[2] += seconds(end - compared);
    return loss;
  }

  /// dW, then db.
  void write_gradient(const std::string& path) const {
    std::ofstream file(path, std::ios::binary);
    for (const std::vector<float>* values : {&weight_gradient_, &bias_gradient_}) {
      file.write(reinterpret_cast<const char*>(values->data()),
                 static_cast<std::streamsize>(values->size() * sizeof(float)));
    }
    file.close();
    if (!file) throw std::runtime_error(path + " cannot be written");
  }

 private:
  const Inputs& inputs_;
  const unreel::contrast::LayerShape shape_;
  const std::unique_ptr<unreel::contrast::Device> device_;
  std::vector<float> u_;
  std::vector<float> du_;
  std::vector<float> weight_gradient_;
  std::vector<float> bias_gradient_;
};

/// The number in a request, {"times": 8}.
std::size_t times_of(const std::string& request) {
  const std::size_t digit = request.find_first_of("0123456789");
  if (digit == std::string::npos) throw std::runtime_error("a request names no number of steps");
  return count_of(request.c_str() + digit);
}

void answer_requests(const Work& work, const std::string& gradient) {
  const Inputs inputs(work);
  Step step(inputs, work, work.rows);
  Stages warm{};
  const double loss = step.run(warm);
  step.write_gradient(gradient);
  std::printf("{\"target\": \"%s\", \"loss\": %.17g}\n", unreel::simd_target().c_str(), loss);
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t times = times_of(line);
    Stages stages{};
    const Clock::time_point begin = Clock::now();
    for (std::size_t i = 0; i < times; ++i) step.run(stages);
    const std::chrono::duration<double> seconds = Clock::now() - begin;
    const auto each = static_cast<double>(times);
    std::printf("{\"seconds\": %.9f, \"forward\": %.9f, \"loss\": %.9f, \"backward\": %.9f}\n", seconds.count() / each,
                stages[0] / each, stages[1] / each, stages[2] / each);
    std::fflush(stdout);
  }
}

/// VmHWM: the most memory that the process has held.
std::uint64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return 1024 * std::stoull(line.substr(6));
  }
  throw std::runtime_error("/proc/self/status names no VmHWM");
}

/// VmHWM falls to what the process holds now (proc_pid_clear_refs(5)), so that a peak before the step hides none of it.
void forget_peak() {
  std::ofstream file("/proc/self/clear_refs");
  file << '5';
  file.close();
  if (!file) throw std::runtime_error("/proc/self/clear_refs cannot be written");
}

/// The inputs are there and a step of 8 rows is done before the first reading; the step's buffers come after it.
void say_memory(const Work& work) {
  const Inputs inputs(work);
  Stages stages{};
  Step(inputs, work, 8).run(stages);
  forget_peak();
  const std::uint64_t before = peak_bytes();
  Step(inputs, work, work.rows).run(stages);
  std::printf("{\"bytes\": %llu}\n", static_cast<unsigned long long>(peak_bytes() - before));
}

int usage() {
  std::fprintf(stderr,
               "usage: contrast_loop steps FOLDER ROWS IN OUT THREADS GRADIENT\n"
               "       contrast_loop memory FOLDER ROWS IN OUT THREADS\n");
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (!(what == "steps" && count == 8) && !(what == "memory" && count == 7)) return usage();
  try {
    const Work work{arguments[2], count_of(arguments[3]), count_of(arguments[4]), count_of(arguments[5]),
                    static_cast<int>(count_of(arguments[6]))};
    if (what == "steps") {
      answer_requests(work, arguments[7]);
    } else {
      say_memory(work);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "contrast_loop: %s\n", error.what());
    return 1;
  }
}
