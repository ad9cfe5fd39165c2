#include "svm/model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/thread.h"
#include "svm/c_svc.h"
#include "svm/model_file.h"
#include "svm/scorer.h"
#include "svm/training.h"

namespace unreel::svm {
namespace {

void require_positive(double value, const std::string& name) {
  if (value > 0 && std::isfinite(value)) return;
  throw Error(ErrorCode::invalid_argument,
              name + " must be a finite number above 0, got " + std::to_string(value) + ".")
      .with("argument", name)
      .with("value", value);
}

void require_finite(const double* x, std::size_t rows, std::size_t dims) {
  const double* const end = x + rows * dims;
  const double* const bad = std::find_if_not(x, end, [](double value) { return std::isfinite(value); });
  if (bad == end) return;
  const auto at = static_cast<std::size_t>(bad - x);
  throw Error(ErrorCode::not_finite, "The feature in row " + std::to_string(at / dims) + ", column " +
                                         std::to_string(at % dims) + " (both from 0) is NaN or infinite.")
      .with("row", static_cast<std::int64_t>(at / dims))
      .with("column", static_cast<std::int64_t>(at % dims));
}

void require_both_labels(const std::int32_t* labels, std::size_t rows) {
  std::size_t fakes = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (labels[row] != 0 && labels[row] != 1) {
      throw Error(ErrorCode::invalid_argument, "The label of row " + std::to_string(row) + " is " +
                                                   std::to_string(labels[row]) + "; labels are 1 (fake) and 0 (real).")
          .with("row", static_cast<std::int64_t>(row))
          .with("value", std::int64_t{labels[row]});
    }
    fakes += labels[row] == 1 ? 1 : 0;
  }
  if (fakes != 0 && fakes != rows) return;
  throw Error(ErrorCode::one_class, "All " + std::to_string(rows) + " rows are " + (fakes == 0 ? "real" : "fake") +
                                        "; training needs both classes.");
}

class CSvcModel final : public Model {
 public:
  CSvcModel(CSvc svc, double c) : svc_(std::move(svc)), c_(c), sign_(svc_.labels[0] == 1 ? 1.0 : -1.0), scorer_(svc_) {}

  void save(const std::string& path) const override { write_model_file(svc_, path); }

  Kernel kernel() const override { return svc_.kernel; }
  double gamma() const override { return svc_.gamma; }
  double c() const override { return c_; }
  std::size_t dims() const override { return svc_.dims; }
  std::size_t support_vector_count() const override { return svc_.count(); }
  std::vector<double> support_vectors() const override { return svc_.vectors; }

  void decision_values(const double* x, std::size_t rows, int threads, double* out) const override {
    require_finite(x, rows, svc_.dims);
    parallel_for(rows, threads, [&](std::size_t begin, std::size_t end) {
      scorer_.score(x + begin * svc_.dims, end - begin, out + begin);
      for (std::size_t row = begin; row < end; ++row) out[row] *= sign_;
    });
  }

 private:
  CSvc svc_;
  double c_;
  double sign_;
  Scorer scorer_;
};

}  // namespace

std::unique_ptr<Model> Model::train(const double* x, const std::int32_t* labels, std::size_t rows, std::size_t dims,
                                    const Parameters& parameters) {
  constexpr std::size_t kMax = std::numeric_limits<int>::max() - 1;
  if (rows == 0 || dims == 0 || rows > kMax || dims > kMax) {
    throw Error(ErrorCode::invalid_argument, "SVM training needs 1 to " + std::to_string(kMax) +
                                                 " rows and dimensions, got " + std::to_string(rows) + " x " +
                                                 std::to_string(dims) + ".");
  }
  require_positive(parameters.c, "c");
  if (parameters.kernel == Kernel::rbf) require_positive(parameters.gamma, "gamma");
  require_positive(parameters.weight_real, "weightReal");
  require_positive(parameters.weight_fake, "weightFake");
  require_positive(parameters.epsilon, "epsilon");
  require_positive(parameters.cache_mb, "cacheMb");
  require_both_labels(labels, rows);
  require_finite(x, rows, dims);
  return std::make_unique<CSvcModel>(train_c_svc(x, labels, rows, dims, parameters), parameters.c);
}

std::unique_ptr<Model> Model::load(const std::string& path) {
  return std::make_unique<CSvcModel>(read_model_file(path), std::numeric_limits<double>::quiet_NaN());
}

}  // namespace unreel::svm
