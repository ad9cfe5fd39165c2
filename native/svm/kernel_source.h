// Where a solver has its kernel matrix from.
#pragma once

#include <cstddef>

namespace unreel::svm {

/// Rows [from, to) of columns to be had of some rows of a kernel matrix.
struct RowsWanted {
  const std::size_t* rows = nullptr;
  float* const* out = nullptr;  ///< out[r] has element (rows[r], column) at [column], for columns in [from, to)
  std::size_t count = 0;
  std::size_t from = 0;
  std::size_t to = 0;
};

/// What a row costs in the company of others.
enum class Company {
  useless,  ///< as much as alone
  useful,   ///< less
  decisive  ///< next to nothing: the vectors come from memory for all of them once
};

/// Of rows that are computed from vectors of so many bytes.
inline Company company_of(std::size_t bytes) {
  constexpr std::size_t kCached = std::size_t{1} << 24;
  return bytes > kCached ? Company::decisive : Company::useful;
}

/**
 * The kernel matrix of a training set, in an order that swap() changes. Its elements are those of libsvm's training in
 * every bit: (float) K(x_i, x_j), and of rbf by |x_i|^2 + |x_j|^2 - 2 x_i.x_j. Source: libsvm 3.37 svm.cpp, class
 * Kernel. One thread at a time.
 */
class KernelSource {
 public:
  virtual ~KernelSource() = default;
  virtual std::size_t size() const = 0;
  virtual double diagonal(std::size_t i) const = 0;
  virtual void rows(const RowsWanted& wanted) const = 0;
  virtual Company company() const = 0;
  virtual void swap(std::size_t i, std::size_t j) = 0;
};

}  // namespace unreel::svm
