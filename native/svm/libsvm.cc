// libsvm's own source, whole, and what of it is not in its header. Its solver and its sigmoid have no public names, so
// that this file includes them. Where it calls rand(), it gets the numbers that rand() would give, from a stream of the
// thread's own: other threads may call rand() too.
// That of C, which names std::rand: svm.cpp includes it while rand is a macro.
#include <stdlib.h>

#include "svm/random_stream.h"
#define rand unreel::svm::next_of_stream
#include <svm.cpp>
#undef rand
#undef INF
#undef TAU
#undef Malloc

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel_token.h"
#include "base/error.h"
#include "svm/c_svc_solver.h"
#include "svm/model.h"
#include "svm/row_cache.h"
#include "svm/sigmoid.h"
#include "svm/working_set.h"

namespace unreel::svm {
namespace {

/// libsvm prints its progress to stdout, which carries data alone.
[[maybe_unused]] const bool kSilent = (svm_set_print_string_function([](const char*) {}), true);

/// Our cache as libsvm's solver sees it.
class CachedMatrix final : public QMatrix {
 public:
  CachedMatrix(const CSvcProblem& problem, std::vector<signed char>& y, std::size_t cache_bytes, CancelToken cancel)
      : y_(y), cancel_(std::move(cancel)), cache_(problem.kernel, y.data(), cache_bytes) {
    diagonal_.reserve(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) diagonal_.push_back(problem.kernel.diagonal(i));
  }

  /// Throws aborted: one row may take long, and a reconstruction asks for many.
  Qfloat* get_Q(int row, int length) const override {
    cancel_.throw_if_cancelled();
    return cache_.row(static_cast<std::size_t>(row), static_cast<std::size_t>(length));
  }
  double* get_QD() const override { return diagonal_.data(); }
  void swap_index(int i, int j) const override {
    cache_.swap(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
    std::swap(y_[static_cast<std::size_t>(i)], y_[static_cast<std::size_t>(j)]);
    std::swap(diagonal_[static_cast<std::size_t>(i)], diagonal_[static_cast<std::size_t>(j)]);
  }
  RowCache& cache() { return cache_; }

 private:
  std::vector<signed char>& y_;
  CancelToken cancel_;
  mutable std::vector<double> diagonal_;
  mutable RowCache cache_;
};

/// libsvm's solver: Solve, shrinking and rho are its own.
class CSvcSolver final : public Solver {
 public:
  CSvcSolver(const Parameters& parameters, const TrainingControl& control)
      : control_(control), epsilon_(parameters.epsilon), started_(std::chrono::steady_clock::now()) {
    l = active_size = 0;
    y = nullptr;
    G = G_bar = alpha = p = nullptr;
    alpha_status = nullptr;
    active_set = nullptr;
  }
  /// Where what Solve calls threw, it could not free what it had made.
  ~CSvcSolver() override {
    if (ended_) return;
    delete[] p;
    delete[] y;
    delete[] alpha;
    delete[] alpha_status;
    delete[] active_set;
    delete[] G;
    delete[] G_bar;
  }
  CSvcSolver(const CSvcSolver&) = delete;
  CSvcSolver& operator=(const CSvcSolver&) = delete;

  CSvcSolution solve(const CSvcProblem& problem, const Parameters& parameters) {
    const std::size_t count = problem.y.size();
    std::vector<signed char> signs = problem.y;
    CachedMatrix matrix(problem, signs, static_cast<std::size_t>(parameters.cache_mb * (1 << 20)), control_.cancel);
    matrix.cache().set_forecast([&](std::size_t row, std::vector<std::size_t>& rows) {
      const std::size_t most = reconstructing_ ? kBatch : batch_of_steps(problem.kernel.company(), matrix.cache());
      reconstructing_ ? forecast_reconstruction(row, most, rows) : forecast_steps(most, matrix.cache(), rows);
    });
    const std::vector<double> minus_ones(count, -1);
    CSvcSolution solution{std::vector<double>(count), 0};
    SolutionInfo info;
    Solve(static_cast<int>(count), matrix, minus_ones.data(), problem.y.data(), solution.coefficients.data(),
          problem.c_positive, problem.c_negative, epsilon_, &info, parameters.shrinking ? 1 : 0);
    ended_ = true;
    for (std::size_t i = 0; i < count; ++i) solution.coefficients[i] *= problem.y[i];
    solution.rho = info.rho;
    return solution;
  }

 private:
  int select_working_set(int& i, int& j) override {
    reconstructing_ = false;
    const SolverState state{y, alpha_status, G, QD, static_cast<std::size_t>(active_size)};
    const Violator first = most_violating(state);
    const float* const row = first.index < 0 ? nullptr : Q->get_Q(static_cast<int>(first.index), active_size);
    const Partner partner = best_partner(state, first, row);
    const double gap = first.value + partner.most_low;
    if (gap < epsilon_ || partner.index < 0) {
      reconstructing_ = true;
      return 1;
    }
    count_step(gap);
    i = static_cast<int>(first.index);
    j = static_cast<int>(partner.index);
    return 0;
  }

  void do_shrinking() override {
    reconstructing_ = true;
    Solver::do_shrinking();
  }

  void count_step(double gap) {
    constexpr std::int64_t kBetweenReports = 1000;
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - started_;
    if (taken.count() > control_.max_seconds) give_up(std::to_string(control_.max_seconds) + " seconds", gap);
    if (iterations_ == most_iterations()) give_up(std::to_string(iterations_) + " iterations", gap);
    ++iterations_;
    if (control_.on_progress && iterations_ % kBetweenReports == 0) control_.on_progress({iterations_, gap});
  }

  /// At the latest one before libsvm's own limit, at which it would warn and go on with what it has.
  std::int64_t most_iterations() const {
    const std::int64_t own = std::min<std::int64_t>(std::max<std::int64_t>(10'000'000, std::int64_t{100} * l),
                                                    std::numeric_limits<int>::max());
    return control_.max_iterations > 0 ? std::min(control_.max_iterations, own - 1) : own - 1;
  }

  [[noreturn]] void give_up(const std::string& limit, double gap) const {
    throw Error(ErrorCode::not_converged, "The SVM's solver was stopped after " + limit + ", with a gap of " +
                                              std::to_string(gap) + " where " + std::to_string(epsilon_) +
                                              " was asked for. Raise the limit or epsilon, lower C, or scale the "
                                              "features.")
        .with("iterations", iterations_)
        .with("gap", gap);
  }

  /// How many rows to compute together. Once the cache is full those that come before they are wanted drive out others;
  /// that pays only where they cost next to nothing.
  static std::size_t batch_of_steps(Company company, const RowCache& cache) {
    constexpr std::size_t kBatchOfFull = 8;
    if (company == Company::useless) return 1;
    if (cache.has_room_for(kBatch)) return kBatch;
    return company == Company::decisive ? kBatchOfFull : 1;
  }

  /// Adds the rows of the variables that violate most, from either end, and are not there; up to `most` in all.
  void forecast_steps(std::size_t most, const RowCache& cache, std::vector<std::size_t>& rows) const {
    if (most <= rows.size()) return;
    const auto active = static_cast<std::size_t>(active_size);
    std::vector<std::pair<double, std::size_t>> rising;
    std::vector<std::pair<double, std::size_t>> falling;
    for (std::size_t t = 0; t < active; ++t) {
      if (cache.has(t, active)) continue;
      const double low = y[t] > 0 ? G[t] : -G[t];
      if (alpha_status[t] != (y[t] > 0 ? UPPER_BOUND : LOWER_BOUND)) rising.emplace_back(-low, t);
      if (alpha_status[t] != (y[t] > 0 ? LOWER_BOUND : UPPER_BOUND)) falling.emplace_back(low, t);
    }
    take_greatest(rising, most / 2, rows);
    take_greatest(falling, most - rows.size(), rows);
  }

  static void take_greatest(std::vector<std::pair<double, std::size_t>>& from, std::size_t count,
                            std::vector<std::size_t>& rows) {
    count = std::min(count, from.size());
    std::partial_sort(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count), from.end(),
                      [](const auto& a, const auto& b) { return a.first > b.first; });
    for (std::size_t k = 0; k < count; ++k) {
      if (std::find(rows.begin(), rows.end(), from[k].second) == rows.end()) rows.push_back(from[k].second);
    }
  }

  /// Adds the rows that reconstruct_gradient will go through after this one: all shrunk ones, or the free active ones.
  void forecast_reconstruction(std::size_t row, std::size_t most, std::vector<std::size_t>& rows) const {
    const bool shrunk = row >= static_cast<std::size_t>(active_size);
    const auto end = static_cast<std::size_t>(shrunk ? l : active_size);
    for (std::size_t t = row + 1; t < end && rows.size() < most; ++t) {
      if (shrunk || alpha_status[t] == FREE) rows.push_back(t);
    }
  }

  /// Rows that are computed together.
  static constexpr std::size_t kBatch = 16;

  const TrainingControl& control_;
  double epsilon_;
  std::chrono::steady_clock::time_point started_;
  std::int64_t iterations_ = 0;
  bool reconstructing_ = false;
  bool ended_ = false;
};

}  // namespace

CSvcSolution solve_c_svc(const CSvcProblem& problem, const Parameters& parameters, const TrainingControl& control) {
  return CSvcSolver(parameters, control).solve(problem, parameters);
}

double sigmoid_of(const Sigmoid& sigmoid, double value) { return sigmoid_predict(value, sigmoid.a, sigmoid.b); }

Sigmoid fit_sigmoid(const double* values, const double* labels, std::size_t count) {
  Sigmoid sigmoid;
  sigmoid_train(static_cast<int>(count), values, labels, sigmoid.a, sigmoid.b);
  return sigmoid;
}

std::string libsvm_version() {
  const std::string minor = std::to_string(::libsvm_version % 100);
  return std::to_string(::libsvm_version / 100) + "." + (minor.size() < 2 ? "0" + minor : minor);
}

}  // namespace unreel::svm
