// C-SVC through libsvm: training, scoring, files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace unreel::svm {

enum class Kernel { linear, rbf };

struct Parameters {
  Kernel kernel = Kernel::linear;
  double c = 1;
  double gamma = 0;        ///< rbf: > 0
  double weight_real = 1;  ///< multiplies C for label 0
  double weight_fake = 1;  ///< multiplies C for label 1
  double epsilon = 1e-3;
  double cache_mb = 200;
  bool shrinking = true;
};

/// Immutable once made; decision_values may run on several threads at once.
class Model {
 public:
  /**
   * libsvm's own solver on rows x dims doubles, labels 1 = fake, 0 = real. The model keeps nothing of the caller's
   * memory. Throws one_class, not_finite (details row and column, from 0), invalid_argument (C, gamma, weights, epsilon
   * or cache not above 0; another label), diverged (features so large that the kernel overflows). Several threads may
   * train at once.
   */
  static std::unique_ptr<Model> train(const double* x, const std::int32_t* labels, std::size_t rows, std::size_t dims,
                                      const Parameters& parameters);
  /**
   * Reads libsvm's text format, written by unreel or by svm-train: c_svc, linear or rbf, labels 1 (fake) and 0 or -1
   * (real) in either order. Throws not_found, is_a_directory, not_readable, svm_invalid (details path and line; the
   * message says what was expected there).
   */
  static std::unique_ptr<Model> load(const std::string& path);
  /// Writes libsvm's text format with 17 significant digits everywhere, so that load gives the same bits and
  /// svm-predict the same decision values. The file appears whole or not at all. Throws output_not_writable.
  virtual void save(const std::string& path) const = 0;
  virtual ~Model() = default;

  virtual Kernel kernel() const = 0;
  virtual double gamma() const = 0;
  virtual double c() const = 0;          ///< NaN after load: the file does not say
  virtual std::size_t dims() const = 0;  ///< after load: the greatest index in the file; unreel's files name every one
  virtual std::size_t support_vector_count() const = 0;
  virtual std::vector<double> support_vectors() const = 0;  ///< count x dims, C order

  /**
   * Decision values, positive = fake whatever label order the file has; equal to libsvm's to the last bit.
   * x: rows x dims; out: rows. The same for any thread count (>= 1). Throws not_finite.
   */
  virtual void decision_values(const double* x, std::size_t rows, int threads, double* out) const = 0;
};

/// "3.37"
std::string libsvm_version();

}  // namespace unreel::svm
