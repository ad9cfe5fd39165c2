#include "svm/cross_validation.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>

#include "base/error.h"
#include "base/thread.h"
#include "svm/arguments.h"
#include "svm/c_svc_solver.h"
#include "svm/class_order.h"
#include "svm/kernel_matrix.h"
#include "svm/model.h"
#include "svm/training.h"

namespace unreel::svm {
namespace {

std::vector<std::size_t> all_rows(std::size_t count) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

/// The rows of a fold, and all others.
struct Fold {
  Fold(const std::vector<std::int32_t>& folds, std::int32_t number) {
    for (std::size_t i = 0; i < folds.size(); ++i) (folds[i] == number ? held_out : training).push_back(i);
  }
  std::vector<std::size_t> held_out;
  std::vector<std::size_t> training;
};

class CrossValidation {
 public:
  CrossValidation(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                  const CrossValidationPlan& plan, const CrossValidationControl& control)
      : x_(x), labels_(labels), parameters_(parameters), plan_(plan), control_(control) {
    const std::int32_t count = *std::max_element(plan.folds.begin(), plan.folds.end()) + 1;
    for (std::int32_t number = 0; number < count; ++number) {
      folds_.emplace_back(plan.folds, number);
      require_both_classes(static_cast<std::size_t>(number));
    }
    values_.resize(plan.gammas.size() * plan.cs.size() * x.rows());
    parameters_.cache_mb /= side_by_side();
  }

  std::vector<double> run() {
    for (std::size_t g = 0; g < plan_.gammas.size(); ++g) {
      control_.cancel.throw_if_cancelled();
      parameters_.kernel.gamma = plan_.gammas[g];
      std::unique_ptr<KernelMatrix> matrix;
      if (KernelMatrix::bytes(x_.rows()) <= plan_.matrix_bytes) {
        matrix = std::make_unique<KernelMatrix>(*kernel_of(x_, all_rows(x_.rows()), parameters_, control_.threads));
      }
      run_side_by_side(plan_.cs.size() * folds_.size(), [&](std::size_t task) {
        const std::size_t c = task / folds_.size();
        double* const out = values_.data() + (g * plan_.cs.size() + c) * x_.rows();
        train_fold(folds_[task % folds_.size()], plan_.cs[c], matrix.get(), out);
      });
    }
    return std::move(values_);
  }

 private:
  /// Trainings that run at a time.
  int side_by_side() const {
    const std::size_t tasks = plan_.cs.size() * folds_.size();
    return static_cast<int>(std::min<std::size_t>(tasks, static_cast<std::size_t>(control_.threads)));
  }

  void require_both_classes(std::size_t number) const {
    const std::vector<std::size_t>& rows = folds_[number].training;
    const auto fakes = std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return labels_[row] == 1; });
    if (fakes != 0 && fakes != static_cast<std::ptrdiff_t>(rows.size())) return;
    throw Error(ErrorCode::one_class, "Without fold " + std::to_string(number) +
                                          " there is only one class to train on. Take fewer folds, or more groups of "
                                          "the rarer class.")
        .with("fold", static_cast<std::int64_t>(number));
  }

  /// Calls body for each task, on `threads` threads that take the next one when they are free.
  template <class Body>
  void run_side_by_side(std::size_t tasks, const Body& body) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> failed{false};
    const int threads = side_by_side();
    parallel_for(static_cast<std::size_t>(threads), threads, [&](std::size_t, std::size_t) {
      for (std::size_t task = next++; task < tasks && !failed; task = next++) {
        try {
          body(task);
        } catch (...) {
          failed = true;
          throw;
        }
        report_done();
      }
    });
  }

  void report_done() {
    if (!control_.on_progress) return;
    const std::lock_guard<std::mutex> lock(reporting_);
    control_.on_progress(++done_, plan_.gammas.size() * plan_.cs.size() * folds_.size());
  }

  void train_fold(const Fold& fold, double c, const KernelMatrix* matrix, double* out) const {
    Parameters parameters = parameters_;
    parameters.c = c;
    TrainingControl control;
    control.cancel = control_.cancel;
    control.max_seconds = control_.max_seconds;
    const ClassOrder order(labels_, fold.training);
    if (matrix == nullptr) {
      const std::unique_ptr<KernelSource> kernel = kernel_of(x_, order.rows, parameters, control.threads);
      const CSvcSolution solution = solve(*kernel, order, parameters, control);
      score_by_function(fold, order, solution, out);
    } else {
      StoredKernel kernel(*matrix, order.rows);
      const CSvcSolution solution = solve(kernel, order, parameters, control);
      score_by_matrix(fold, order, solution, *matrix, out);
    }
  }

  static CSvcSolution solve(KernelSource& kernel, const ClassOrder& order, const Parameters& parameters,
                            const TrainingControl& control) {
    CSvcSolution solution =
        solve_c_svc({kernel, order.y, order.c(0, parameters), order.c(1, parameters)}, parameters, control);
    require_finite_solution(solution);
    return solution;
  }

  void score_by_matrix(const Fold& fold, const ClassOrder& order, const CSvcSolution& solution,
                       const KernelMatrix& matrix, double* out) const {
    const double sign = order.labels[0] == 1 ? 1 : -1;
    for (const std::size_t row : fold.held_out) {
      const float* const kernels = matrix.row(row);
      double sum = -solution.rho;
      for (std::size_t i = 0; i < order.rows.size(); ++i) {
        sum += solution.coefficients[i] * static_cast<double>(kernels[order.rows[i]]);
      }
      out[row] = sign * sum;
    }
  }

  void score_by_function(const Fold& fold, const ClassOrder& order, const CSvcSolution& solution, double* out) const {
    DecisionFunction function = order.function(x_, solution);
    function.kernel = parameters_.kernel;
    const std::unique_ptr<Model> model = Model::of(std::move(function));
    std::vector<double> rows(fold.held_out.size() * x_.dims());
    for (std::size_t i = 0; i < fold.held_out.size(); ++i) {
      for (std::size_t k = 0; k < x_.dims(); ++k) rows[i * x_.dims() + k] = x_.at(fold.held_out[i], k);
    }
    std::vector<double> values(fold.held_out.size());
    const RowsView view(rows.data(), values.size(), x_.dims());
    parameters_.exact ? model->decision_values(view, 1, values.data())
                      : model->fast_decision_values(view, 1, values.data());
    for (std::size_t i = 0; i < values.size(); ++i) out[fold.held_out[i]] = values[i];
  }

  const RowsView& x_;
  const std::int32_t* labels_;
  Parameters parameters_;
  const CrossValidationPlan& plan_;
  const CrossValidationControl& control_;
  std::vector<Fold> folds_;
  std::vector<double> values_;
  std::mutex reporting_;
  std::size_t done_ = 0;
};

}  // namespace

std::vector<double> cross_validate(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                                   const CrossValidationPlan& plan, const CrossValidationControl& control) {
  for (const double gamma : plan.gammas) {
    for (const double c : plan.cs) {
      Parameters point = parameters;
      point.c = c;
      point.kernel.gamma = gamma;
      require_parameters(point);
    }
  }
  require_training_rows(x, labels, parameters);
  return CrossValidation(x, labels, parameters, plan, control).run();
}

}  // namespace unreel::svm
