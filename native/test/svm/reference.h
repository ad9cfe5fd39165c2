// libsvm through its own C API, and data for it.
#pragma once

#include <svm.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "svm/model.h"

namespace unreel::svm::test {

struct Data {
  std::size_t rows, dims;
  std::vector<double> x;
  std::vector<std::int32_t> labels;

  /// All zeros.
  Data(std::size_t row_count, std::size_t dim_count)
      : rows(row_count), dims(dim_count), x(row_count * dim_count), labels(row_count) {}

  /// Two overlapping clouds; about a tenth of the features is exactly zero.
  Data(std::size_t row_count, std::size_t dim_count, std::uint64_t seed, int first_label)
      : rows(row_count), dims(dim_count) {
    Random random(seed);
    for (std::size_t i = 0; i < rows; ++i) {
      labels.push_back(i == 0 ? first_label : static_cast<std::int32_t>(random.below(2)));
      for (std::size_t k = 0; k < dims; ++k) {
        const double center = labels.back() == 1 ? 0.15 : -0.15;
        x.push_back(random.below(10) == 0 ? 0.0 : center + 2 * random.uniform() - 1);
      }
    }
  }
};

struct SvmModelDeleter {
  void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};
using UniqueSvmModel = std::unique_ptr<svm_model, SvmModelDeleter>;

inline std::vector<svm_node> nodes_of(const double* row, std::size_t dims) {
  std::vector<svm_node> nodes;
  for (std::size_t k = 0; k < dims; ++k) {
    if (row[k] != 0) nodes.push_back({static_cast<int>(k) + 1, row[k]});
  }
  nodes.push_back({-1, 0});
  return nodes;
}

inline int type_of(Formulation formulation) {
  return formulation == Formulation::c_svc ? C_SVC : formulation == Formulation::nu_svc ? NU_SVC : ONE_CLASS;
}

inline int type_of(Kernel kernel) {
  constexpr int kTypes[] = {LINEAR, POLY, RBF, SIGMOID};
  return kTypes[static_cast<int>(kernel)];
}

/// svm_train as svm-train calls it. `real` is the label that stands for 0. Keeps the rows that libsvm's model points
/// to.
class Reference {
 public:
  Reference(const Data& data, const Parameters& parameters, int real = 0) {
    for (std::size_t i = 0; i < data.rows; ++i) {
      nodes_.push_back(nodes_of(&data.x[i * data.dims], data.dims));
      labels_.push_back(data.labels[i] == 1 ? 1 : real);
    }
    for (auto& row : nodes_) rows_.push_back(row.data());
    svm_problem problem{static_cast<int>(data.rows), labels_.data(), rows_.data()};
    int weight_labels[] = {1, real};
    double weights[] = {parameters.weight_fake, parameters.weight_real};
    svm_parameter parameter{};
    parameter.svm_type = type_of(parameters.formulation);
    parameter.kernel_type = type_of(parameters.kernel.kind);
    parameter.gamma = parameters.kernel.gamma;
    parameter.coef0 = parameters.kernel.coef0;
    parameter.degree = parameters.kernel.degree;
    parameter.nu = parameters.nu;
    parameter.C = parameters.c;
    parameter.eps = parameters.epsilon;
    parameter.cache_size = parameters.cache_mb;
    parameter.probability = parameters.libsvm_probability ? 1 : 0;
    parameter.shrinking = parameters.shrinking ? 1 : 0;
    parameter.nr_weight = 2;
    parameter.weight_label = weight_labels;
    parameter.weight = weights;
    model_.reset(svm_train(&problem, &parameter));
  }

  const svm_model* get() const { return model_.get(); }

 private:
  std::vector<std::vector<svm_node>> nodes_;
  std::vector<svm_node*> rows_;
  std::vector<double> labels_;
  UniqueSvmModel model_;
};

/// svm_predict_values of each row, turned so that positive means label 1.
inline std::vector<double> values_of(const svm_model* model, const Data& data) {
  std::vector<double> values;
  for (std::size_t i = 0; i < data.rows; ++i) {
    double value = 0;
    svm_predict_values(model, nodes_of(&data.x[i * data.dims], data.dims).data(), &value);
    const bool fake_first = model->label != nullptr && model->label[0] == 1;
    values.push_back(fake_first ? value : -value);
  }
  return values;
}

/// svm_predict_probability of each row: of label 1; of one class, of real.
inline std::vector<double> probabilities_of(const svm_model* model, const Data& data) {
  std::vector<double> probabilities;
  for (std::size_t i = 0; i < data.rows; ++i) {
    double estimates[2] = {};
    svm_predict_probability(model, nodes_of(&data.x[i * data.dims], data.dims).data(), estimates);
    probabilities.push_back(estimates[model->label == nullptr || model->label[0] == 1 ? 0 : 1]);
  }
  return probabilities;
}

inline std::vector<double> values_of(const Model& model, const Data& data, int threads = 1) {
  std::vector<double> values(data.rows);
  model.decision_values({data.x.data(), data.rows, data.dims}, threads, values.data());
  return values;
}

/// A folder that is removed with everything in it.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "unreel-svm-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace unreel::svm::test
