// libsvm as a C++ program uses it: rows in memory, svm_train and svm_predict_values, one thread. Nothing of unreel's.
//
// usage: libsvm_loop FOLDER DIMS
//
// FOLDER holds x.f32 (rows x DIMS), labels.i32 and queries.f32. Says libsvm's version in a line of JSON, then answers
// each line on stdin, {"work": "train"}, {"work": "calibrated"} (svm_train with probability = 1) or {"work": "predict",
// "count": N, "out": "FILE"}, with the seconds; decision values, positive = label 1, go to FOLDER/FILE.
#include <svm.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

template <class T>
std::vector<T> read_values(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<T> values(bytes.size() / sizeof(T));
  bytes.copy(reinterpret_cast<char*>(values.data()), values.size() * sizeof(T));
  return values;
}

/// Rows as libsvm's lists, each ended by index -1; zeros are left out, as svm-train's files have it.
class Rows {
 public:
  Rows(const std::string& path, std::size_t dims) {
    const std::vector<float> values = read_values<float>(path);
    const std::size_t rows = values.size() / dims;
    nodes_.reserve(rows * (dims + 1));
    for (std::size_t row = 0; row < rows; ++row) {
      begins_.push_back(nodes_.data() + nodes_.size());
      for (std::size_t k = 0; k < dims; ++k) {
        const double value = values[row * dims + k];
        if (value != 0) nodes_.push_back({static_cast<int>(k) + 1, value});
      }
      nodes_.push_back({-1, 0});
    }
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  std::vector<svm_node*>& begins() { return begins_; }

 private:
  std::vector<svm_node> nodes_;
  std::vector<svm_node*> begins_;
};

/// VmHWM: the most memory that the process has held, in MiB.
double peak_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return static_cast<double>(std::stoull(line.substr(6))) / 1024;
  }
  throw std::runtime_error("/proc/self/status names no VmHWM");
}

bool asks(const std::string& request, const std::string& work) {
  return request.find("\"work\":\"" + work + "\"") != std::string::npos;
}

/// What follows "name": in a request, up to the next comma, quote or brace; "" when it is not there.
std::string field(const std::string& request, const std::string& name) {
  std::size_t at = request.find("\"" + name + "\":");
  if (at == std::string::npos) return "";
  at += name.size() + 3;
  if (request[at] == '"') ++at;
  return request.substr(at, request.find_first_of(",}\"", at) - at);
}

class Loop {
 public:
  Loop(const std::string& folder, std::size_t dims)
      : folder_(folder), x_(folder + "/x.f32", dims), queries_(folder + "/queries.f32", dims) {
    for (const std::int32_t label : read_values<std::int32_t>(folder + "/labels.i32")) labels_.push_back(label);
    if (labels_.size() != x_.begins().size()) throw std::runtime_error("as many labels as rows are needed");
    problem_ = {static_cast<int>(labels_.size()), labels_.data(), x_.begins().data()};
    parameter_.svm_type = C_SVC;
    parameter_.kernel_type = RBF;
    parameter_.gamma = 1;
    parameter_.C = 1;
    parameter_.eps = 1e-3;
    parameter_.cache_size = 200;
    parameter_.shrinking = 1;
  }
  ~Loop() { svm_free_and_destroy_model(&model_); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void answer(const std::string& request) {
    if (asks(request, "predict")) return predict(request);
    svm_free_and_destroy_model(&model_);
    parameter_.probability = asks(request, "calibrated") ? 1 : 0;
    const Clock::time_point begin = Clock::now();
    model_ = svm_train(&problem_, &parameter_);
    std::printf("{\"seconds\": %.9f, \"vectors\": %d, \"peakMb\": %.1f}\n", seconds_since(begin), model_->l, peak_mb());
  }

 private:
  void predict(const std::string& request) {
    const std::size_t count = std::stoul(field(request, "count"));
    if (model_ == nullptr || count > queries_.begins().size()) throw std::runtime_error("no model, or too few queries");
    std::vector<double> values(count);
    const Clock::time_point begin = Clock::now();
    for (std::size_t i = 0; i < count; ++i) svm_predict_values(model_, queries_.begins()[i], &values[i]);
    const double seconds = seconds_since(begin);
    if (const std::string out = field(request, "out"); !out.empty()) write(folder_ + "/" + out, values);
    std::printf("{\"seconds\": %.9f, \"peakMb\": %.1f}\n", seconds, peak_mb());
  }

  void write(const std::string& path, std::vector<double>& values) const {
    if (model_->label[0] != 1) {
      for (double& value : values) value = -value;
    }
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(double)));
    file.close();
    if (!file) throw std::runtime_error(path + " cannot be written");
  }

  std::string folder_;
  Rows x_;
  Rows queries_;
  std::vector<double> labels_;
  svm_problem problem_{};
  svm_parameter parameter_{};
  svm_model* model_ = nullptr;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: libsvm_loop FOLDER DIMS\n");
    return 2;
  }
  try {
    svm_set_print_string_function([](const char*) {});
    Loop loop(arguments[1], std::stoul(arguments[2]));
    std::printf("{\"version\": \"libsvm %d.%02d\"}\n", libsvm_version / 100, libsvm_version % 100);
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
      loop.answer(line);
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "libsvm_loop: %s\n", error.what());
    return 1;
  }
}
