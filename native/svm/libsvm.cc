// libsvm's own source, whole, and what of it is not in its header. Its solver and its sigmoid have no public names, so
// that this file includes them.
#include <svm.cpp>
#undef INF
#undef TAU
#undef Malloc

#include <string>

#include "svm/model.h"
#include "svm/sigmoid.h"

namespace unreel::svm {
namespace {

/// libsvm prints its progress to stdout, which carries data alone.
[[maybe_unused]] const bool kSilent = (svm_set_print_string_function([](const char*) {}), true);

}  // namespace

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
