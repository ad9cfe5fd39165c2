#include "svm/model.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/thread.h"
#include "svm/arguments.h"
#include "svm/decision_function.h"
#include "svm/fast_scorer.h"
#include "svm/model_file.h"
#include "svm/scorer.h"
#include "svm/sigmoid.h"
#include "svm/training.h"

namespace unreel::svm {
namespace {

class SvmModel final : public Model {
 public:
  explicit SvmModel(DecisionFunction function) : function_(std::move(function)), scorer_(function_) {}

  void save(const std::string& path) const override { write_model_file(function_, path); }
  const DecisionFunction& function() const override { return function_; }

  void decision_values(const RowsView& x, int threads, double* out) const override {
    require_finite(x);
    score_all(scorer_, x, threads, out);
  }
  void fast_decision_values(const RowsView& x, int threads, double* out) const override {
    require_finite_floats(x);
    std::call_once(laid_out_, [this] { fast_scorer_ = std::make_unique<FastScorer>(function_); });
    score_all(*fast_scorer_, x, threads, out);
  }

  void probabilities(const RowsView& x, int threads, double* out) const override {
    if (!function_.sigmoid) {
      throw Error(ErrorCode::invalid_argument,
                  "This SVM has no sigmoid of its own. Train it with libsvm's probability, or calibrate a detector.");
    }
    decision_values(x, threads, out);
    const bool fake_first = function_.sign() > 0;
    for (double* value = out; value != out + x.rows(); ++value) {
      // libsvm's bounds.
      constexpr double kLeast = 1e-7;
      const double first =
          std::clamp(sigmoid_of(*function_.sigmoid, fake_first ? *value : -*value), kLeast, 1 - kLeast);
      *value = fake_first ? first : 1 - first;
    }
  }

 private:
  template <class AnyScorer>
  void score_all(const AnyScorer& scorer, const RowsView& x, int threads, double* out) const {
    parallel_for(x.rows(), threads, [&](std::size_t begin, std::size_t end) {
      scorer.score(x.part(begin, end), out + begin);
      for (std::size_t row = begin; row < end; ++row) out[row] *= function_.sign();
    });
  }

  DecisionFunction function_;
  Scorer scorer_;
  mutable std::once_flag laid_out_;
  mutable std::unique_ptr<FastScorer> fast_scorer_;
};

}  // namespace

std::unique_ptr<Model> Model::of(DecisionFunction function) { return std::make_unique<SvmModel>(std::move(function)); }

std::unique_ptr<Model> Model::train(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                                    const TrainingControl& control) {
  require_parameters(parameters);
  require_training_rows(x, labels, parameters);
  return of(train_decision_function(x, labels, parameters, control));
}

std::unique_ptr<Model> Model::load(const std::string& path) { return of(read_model_file(path)); }

}  // namespace unreel::svm
