#include "svm/fast_kernel.h"

#include <algorithm>

#include "base/block_product.h"
#include "base/thread.h"

namespace unreel::svm {

FastKernel::FastKernel(const RowsView& x, const std::vector<std::size_t>& order, const KernelFunction& kernel,
                       int threads)
    : kernel_(kernel), threads_(threads), vectors_(x, order) {}

double FastKernel::diagonal(std::size_t i) const {
  double value = takes_distance(kernel_.kind) ? 0.0 : static_cast<double>(vectors_.squares()[i]);
  apply_kernel(kernel_, &value, 1);
  return value;
}

void FastKernel::rows(const RowsWanted& wanted) const {
  const std::size_t dims = vectors_.dims();
  std::vector<float> rows(wanted.count * dims);
  std::vector<float> squares(wanted.count);
  for (std::size_t r = 0; r < wanted.count; ++r) {
    vectors_.copy(wanted.rows[r], rows.data() + r * dims);
    squares[r] = vectors_.squares()[wanted.rows[r]];
  }
  const std::size_t first = wanted.from / kPanelWidth;
  const std::size_t panels = (wanted.to + kPanelWidth - 1) / kPanelWidth - first;
  parallel_for(panels, threads_, [&](std::size_t begin, std::size_t end) {
    std::vector<float> kernels(wanted.count * kPanelWidth);
    for (std::size_t panel = first + begin; panel < first + end; ++panel) {
      vectors_.kernels(kernel_, rows.data(), squares.data(), wanted.count, panel, kernels.data());
      const std::size_t from = std::max(wanted.from, panel * kPanelWidth);
      const std::size_t to = std::min(wanted.to, panel * kPanelWidth + kPanelWidth);
      for (std::size_t r = 0; r < wanted.count; ++r) {
        const float* const row = kernels.data() + r * kPanelWidth;
        std::copy(row + (from - panel * kPanelWidth), row + (to - panel * kPanelWidth), wanted.out[r] + from);
      }
    }
  });
}

}  // namespace unreel::svm
