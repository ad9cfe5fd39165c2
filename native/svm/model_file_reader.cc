#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "svm/dense_limits.h"
#include "svm/model_file.h"
#include "svm/model_names.h"
#include "svm/text_lines.h"

namespace unreel::svm {
namespace {

class Parser {
 public:
  explicit Parser(const std::string& path) : lines_(path, "SVM file", ErrorCode::svm_invalid) {}

  DecisionFunction parse() {
    read_header();
    svc_.coefficients.reserve(std::min<std::size_t>(total_, 4096));
    while (svc_.coefficients.size() < total_) read_vector();
    if (lines_.next()) {
      lines_.fail("the end of the file after " + std::to_string(total_) + " support vectors, as total_sv says",
                  lines_.rest());
    }
    if (svc_.dims == 0) lines_.fail("at least one feature in a support vector", "none");
    densify();
    return std::move(svc_);
  }

 private:
  using Keys = std::set<std::string, std::less<>>;

  struct Feature {
    std::size_t vector;
    std::size_t index;  ///< from 0
    double value;
  };

  void next_line(const std::string& expected) {
    if (!lines_.next()) lines_.fail_at_end(expected);
  }

  void read_header() {
    Keys seen;
    while (true) {
      next_line("a header line or SV");
      const std::string key(lines_.token());
      if (key == "SV") break;
      if (!seen.insert(key).second) lines_.fail("each header line once", key);
      read_header_line(key);
      lines_.require_end_of_line();
    }
    lines_.require_end_of_line();
    require_header(seen);
    if (seen.count("probA") != 0) svc_.sigmoid = sigmoid_;
    forget_unused();
  }

  void require_header(const Keys& seen) const {
    const auto require = [&](const char* key) {
      if (seen.count(key) == 0) lines_.fail(std::string("the header line ") + key + " before SV", "SV");
    };
    for (const char* key : {"svm_type", "kernel_type", "nr_class", "total_sv", "rho"}) require(key);
    const Kernel kernel = svc_.kernel.kind;
    if (kernel == Kernel::polynomial) require("degree");
    if (kernel != Kernel::linear) require("gamma");
    if (kernel == Kernel::polynomial || kernel == Kernel::sigmoid) require("coef0");
    const bool one_class = svc_.formulation == Formulation::one_class;
    const std::vector<const char*> of_two = {"label", "nr_sv", "probA", "probB"};
    for (const char* key : one_class ? of_two : std::vector<const char*>{"prob_density_marks"}) {
      if (seen.count(key) != 0) lines_.fail(std::string("no header line ") + key + " for this svm_type", key);
    }
    if (one_class) return;
    require("label");
    require("nr_sv");
    if (seen.count("probB") != 0) require("probA");
    if (seen.count("probA") != 0) require("probB");
    if (svc_.counts[0] + svc_.counts[1] != total_) {
      lines_.fail("nr_sv that adds up to total_sv = " + std::to_string(total_),
                  std::to_string(svc_.counts[0]) + " + " + std::to_string(svc_.counts[1]));
    }
  }

  /// libsvm takes lines that the kernel does not use; in a KernelFunction such a number is 0.
  void forget_unused() {
    KernelFunction& kernel = svc_.kernel;
    if (kernel.kind == Kernel::linear) kernel.gamma = 0;
    if (kernel.kind == Kernel::linear || kernel.kind == Kernel::rbf) kernel.coef0 = 0;
    if (kernel.kind != Kernel::polynomial) kernel.degree = 0;
  }

  void read_header_line(const std::string& key) {
    if (key == "svm_type") {
      read_formulation();
    } else if (key == "nr_class") {
      if (const std::string_view found = lines_.token(); found != "2") {
        lines_.fail("nr_class 2 (real and fake)", found, "Train with two labels, 1 and 0.");
      }
    } else if (key == "total_sv") {
      total_ = read_count("total_sv");
      if (total_ == 0) lines_.fail("at least one support vector", "0");
    } else if (key == "rho") {
      svc_.rho = lines_.decimal(lines_.token(), "rho");
    } else if (key == "label") {
      read_labels();
    } else if (key == "nr_sv") {
      svc_.counts = {read_count("nr_sv of the first class"), read_count("nr_sv of the second class")};
    } else if (!read_kernel_line(key) && !read_probability_line(key)) {
      lines_.fail(
          "svm_type, kernel_type, degree, gamma, coef0, nr_class, total_sv, rho, label, probA, probB, "
          "prob_density_marks, nr_sv or SV",
          key);
    }
  }

  bool read_kernel_line(const std::string& key) {
    KernelFunction& kernel = svc_.kernel;
    if (key == "kernel_type") {
      read_kernel();
    } else if (key == "degree") {
      const std::string_view text = lines_.token();
      kernel.degree = lines_.whole<int>(text, "degree as a whole number");
      if (kernel.degree < 0) lines_.fail("degree of at least 0", text);
    } else if (key == "gamma") {
      const std::string_view text = lines_.token();
      kernel.gamma = lines_.decimal(text, "gamma");
      if (kernel.gamma < 0) lines_.fail("gamma of at least 0", text);
    } else if (key == "coef0") {
      kernel.coef0 = lines_.decimal(lines_.token(), "coef0");
    } else {
      return false;
    }
    return true;
  }

  bool read_probability_line(const std::string& key) {
    if (key == "probA") {
      sigmoid_.a = lines_.decimal(lines_.token(), key);
    } else if (key == "probB") {
      sigmoid_.b = lines_.decimal(lines_.token(), key);
    } else if (key == "prob_density_marks") {
      for (double& mark : svc_.density_marks.emplace()) {
        mark = lines_.decimal(lines_.token(), "ten prob_density_marks, each");
      }
    } else {
      return false;
    }
    return true;
  }

  void read_formulation() {
    const std::string_view name = lines_.token();
    const auto found = std::find(kFormulations.begin(), kFormulations.end(), name);
    if (found == kFormulations.end()) {
      const bool regression = name == "epsilon_svr" || name == "nu_svr";
      lines_.fail("svm_type c_svc, nu_svc or one_class", name,
                  regression ? "A regression knows no classes: train with svm-train -s 0, 1 or 2." : "");
    }
    svc_.formulation = static_cast<Formulation>(found - kFormulations.begin());
  }

  void read_kernel() {
    const std::string_view name = lines_.token();
    const auto found = std::find(kKernels.begin(), kKernels.end(), name);
    if (found == kKernels.end()) {
      lines_.fail("kernel_type linear, polynomial, rbf or sigmoid", name,
                  name == "precomputed" ? "Such a file lacks the vectors: train with svm-train -t 0, 1, 2 or 3." : "");
    }
    svc_.kernel.kind = static_cast<Kernel>(found - kKernels.begin());
  }

  std::size_t read_count(const std::string& name) {
    const std::string_view text = lines_.token();
    const auto value = lines_.whole<std::size_t>(text, name + " as a whole number");
    if (value > kMaxRows) lines_.fail(name + " of at most " + std::to_string(kMaxRows), text);
    return value;
  }

  void read_labels() {
    const std::string_view all = lines_.rest();
    for (int& label : svc_.labels) label = lines_.whole<int>(lines_.token(), "two labels, 1 (fake) and 0 or -1 (real)");
    const auto [first, second] = svc_.labels;
    const bool fake_first = first == 1 && (second == 0 || second == -1);
    const bool fake_second = second == 1 && (first == 0 || first == -1);
    if (!fake_first && !fake_second) lines_.fail("the labels 1 (fake) and 0 or -1 (real)", all);
  }

  void read_vector() {
    const std::size_t number = svc_.coefficients.size();
    next_line("support vector " + std::to_string(number + 1) + " of " + std::to_string(total_));
    svc_.coefficients.push_back(lines_.decimal(lines_.token(), "a coefficient"));
    std::size_t previous = 0;
    for (std::string_view text = lines_.token(); !text.empty(); text = lines_.token()) {
      const auto [index, value] = lines_.feature(text, previous, kMaxDims);
      features_.push_back({number, index - 1, value});
      previous = index;
    }
    svc_.dims = std::max(svc_.dims, previous);
  }

  void densify() {
    if (too_large(total_, svc_.dims, features_.size())) {
      lines_.fail("at most " + std::to_string(kMaxNumbers) + " numbers",
                  std::to_string(total_) + " support vectors of " + std::to_string(svc_.dims));
    }
    svc_.vectors.assign(total_ * svc_.dims, 0.0);
    for (const Feature& feature : features_) svc_.vectors[feature.vector * svc_.dims + feature.index] = feature.value;
  }

  TextLines lines_;
  std::size_t total_ = 0;
  Sigmoid sigmoid_;
  std::vector<Feature> features_;
  DecisionFunction svc_;
};

}  // namespace

DecisionFunction read_model_file(const std::string& path) { return Parser(path).parse(); }

}  // namespace unreel::svm
