#include "soak_check.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/simd_target.h"

namespace unreel::svm::test {
namespace {

std::size_t bits_between(const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t both = std::min(a.size(), b.size());
  std::size_t bits = 64 * (std::max(a.size(), b.size()) - both);
  for (std::size_t i = 0; i < both; ++i) {
    std::uint64_t left = 0;
    std::uint64_t right = 0;
    std::memcpy(&left, &a[i], sizeof left);
    std::memcpy(&right, &b[i], sizeof right);
    bits += static_cast<std::size_t>(__builtin_popcountll(left ^ right));
  }
  return bits;
}

/// A data set as the case gives it to unreel.
class Given {
 public:
  Given(const Data& data, bool floats) : data_(data) {
    if (floats) {
      for (const double value : data.x) floats_.push_back(static_cast<float>(value));
    }
  }
  RowsView view() const {
    if (floats_.empty()) return {data_.x.data(), data_.rows, data_.dims};
    return {floats_.data(), data_.rows, data_.dims};
  }

 private:
  const Data& data_;
  std::vector<float> floats_;
};

/// What libsvm's model holds, in its own order.
struct Numbers {
  std::vector<double> coefficients;
  std::vector<double> rho;
  std::vector<double> vectors;
  std::vector<double> values;  ///< of the queries, positive = fake
};

Numbers numbers_of(const svm_model& model, const Data& queries) {
  Numbers numbers;
  numbers.coefficients.assign(model.sv_coef[0], model.sv_coef[0] + model.l);
  numbers.rho = {model.rho[0]};
  numbers.vectors.resize(static_cast<std::size_t>(model.l) * queries.dims);
  for (std::size_t i = 0; i < static_cast<std::size_t>(model.l); ++i) {
    for (const svm_node* node = model.SV[i]; node->index != -1; ++node) {
      numbers.vectors[i * queries.dims + static_cast<std::size_t>(node->index) - 1] = node->value;
    }
  }
  numbers.values = values_of(&model, queries);
  return numbers;
}

Numbers numbers_of(const Model& model, const RowsView& queries, int threads) {
  const DecisionFunction& function = model.function();
  Numbers numbers{function.coefficients, {function.rho}, function.vectors, std::vector<double>(queries.rows())};
  // libsvm's lists hold no zero and so no sign of one.
  for (double& value : numbers.vectors) value += 0.0;
  model.decision_values(queries, threads, numbers.values.data());
  return numbers;
}

std::size_t bits_between(const Numbers& a, const Numbers& b) {
  return bits_between(a.coefficients, b.coefficients) + bits_between(a.rho, b.rho) +
         bits_between(a.vectors, b.vectors) + bits_between(a.values, b.values);
}

/// As of a nu_svc on rows that are all the same, which divides by zero.
bool finite(const Numbers& numbers) {
  const auto all = [](const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  };
  return all(numbers.rho) && all(numbers.coefficients);
}

bool refused_as_diverged(const SoakCase& one, const RowsView& rows, const TrainingControl& control) {
  try {
    Model::train(rows, one.data.labels.data(), one.parameters, control);
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::diverged;
  }
}

}  // namespace

DifferingBits differing_bits(const SoakCase& one) {
  set_simd_target(one.target);
  const Reference reference(one.data, one.parameters);
  const Numbers expected = numbers_of(*reference.get(), one.queries);

  const Given rows(one.data, one.floats);
  const Given queries(one.queries, one.floats);
  TrainingControl control;
  control.threads = one.training_threads;
  DifferingBits bits;
  if (!finite(expected)) {
    bits.diverged = refused_as_diverged(one, rows.view(), control);
    bits.coefficients = bits.diverged ? 0 : 64;
    return bits;
  }
  const auto model = Model::train(rows.view(), one.data.labels.data(), one.parameters, control);
  const Numbers seen = numbers_of(*model, queries.view(), 1);
  bits.coefficients = bits_between(seen.coefficients, expected.coefficients);
  bits.rho = bits_between(seen.rho, expected.rho);
  bits.vectors = bits_between(seen.vectors, expected.vectors);
  bits.decision_values = bits_between(seen.values, expected.values) +
                         bits_between(numbers_of(*model, queries.view(), one.scoring_threads).values, expected.values);

  const TempFolder folder;
  model->save(folder.file("svm.model"));
  const auto loaded = Model::load(folder.file("svm.model"));
  bits.after_loading = bits_between(numbers_of(*loaded, queries.view(), one.scoring_threads), expected);
  return bits;
}

}  // namespace unreel::svm::test
