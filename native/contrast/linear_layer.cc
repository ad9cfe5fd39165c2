#include "contrast/linear_layer.h"

#include <algorithm>
#include <vector>

#include "base/aligned_array.h"
#include "base/block_product.h"
#include "base/thread.h"

namespace unreel::contrast {
namespace {

/// Rows of a result that one thread works on at once, while a panel of the right side stays in its cache.
constexpr std::size_t kRowTile = 64;
/// Rows of a batch whose share of a weight's gradient is added in one run.
constexpr std::size_t kBatchRun = 256;
/// Numbers whose copying takes as long as starting a thread.
constexpr std::size_t kWorthThreads = 1 << 18;

std::size_t panels_of(std::size_t columns) { return (columns + kPanelWidth - 1) / kPanelWidth; }

/// A right side of depth x columns in panels, filled with zeros up to a whole one.
class PackedColumns {
 public:
  /// element(k, j): the number in row k of the right side, column j.
  template <class Element>
  PackedColumns(std::size_t depth, std::size_t columns, int threads, const Element& element)
      : depth_(depth), columns_(columns), values_(panels_of(columns) * depth * kPanelWidth) {
    // A small one is packed sooner than threads start.
    parallel_for(panels_of(columns), depth * columns < kWorthThreads ? 1 : threads,
                 [&](std::size_t begin, std::size_t end) {
                   for (std::size_t panel = begin; panel < end; ++panel) pack(panel * kPanelWidth, element);
                 });
  }

  std::size_t depth() const { return depth_; }
  std::size_t columns() const { return columns_; }
  RightPanel panel(std::size_t index) const { return {values_.data() + index * kPanelWidth * depth_, kPanelWidth}; }

 private:
  /// The panel whose first column this is.
  template <class Element>
  void pack(std::size_t first, const Element& element) {
    const std::size_t width = std::min(kPanelWidth, columns_ - first);
    float* out = values_.data() + first * depth_;
    for (std::size_t k = 0; k < depth_; ++k, out += kPanelWidth) {
      for (std::size_t j = 0; j < width; ++j) out[j] = element(k, first + j);
      std::fill(out + width, out + kPanelWidth, 0.0F);
    }
  }

  std::size_t depth_, columns_;
  AlignedArray values_;
};

/// out: rows x right.columns() = left (rows x right.depth(), C order) times right, plus bias where there is one.
void multiply(const float* left, std::size_t rows, const PackedColumns& right, const float* bias, int threads,
              float* out) {
  const std::size_t depth = right.depth();
  const std::size_t columns = right.columns();
  parallel_for((rows + kRowTile - 1) / kRowTile, threads, [&](std::size_t begin, std::size_t end) {
    AlignedArray product(kRowTile * kPanelWidth);
    for (std::size_t first = begin * kRowTile; first < std::min(end * kRowTile, rows); first += kRowTile) {
      const std::size_t count = std::min(kRowTile, rows - first);
      for (std::size_t panel = 0; panel < panels_of(columns); ++panel) {
        multiply_panel({left + first * depth, depth, 1}, right.panel(panel), count, depth, false, product.data(),
                       kPanelWidth);
        const std::size_t column = panel * kPanelWidth;
        const std::size_t width = std::min(kPanelWidth, columns - column);
        for (std::size_t r = 0; r < count; ++r) {
          const float* const from = product.data() + r * kPanelWidth;
          float* const to = out + (first + r) * columns + column;
          for (std::size_t j = 0; j < width; ++j) to[j] = from[j] + (bias == nullptr ? 0.0F : bias[column + j]);
        }
      }
    }
  });
}

/// sums[o] = the sum of dy's column o, from the first row to the last in double, for o in [begin, end).
void sum_rows(const float* dy, LayerShape shape, std::size_t begin, std::size_t end, float* sums) {
  std::vector<double> columns(end - begin);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const float* const own = dy + row * shape.out + begin;
    for (std::size_t o = 0; o < columns.size(); ++o) columns[o] += own[o];
  }
  std::transform(columns.begin(), columns.end(), sums + begin, [](double sum) { return static_cast<float>(sum); });
}

}  // namespace

void linear_forward(const float* x, const float* weight, const float* bias, LayerShape shape, int threads, float* y) {
  const PackedColumns transposed(shape.in, shape.out, threads,
                                 [&](std::size_t k, std::size_t o) { return weight[o * shape.in + k]; });
  multiply(x, shape.rows, transposed, bias, threads, y);
}

void linear_parameter_gradient(const float* x, const float* dy, LayerShape shape, int threads, float* weight_gradient,
                               float* bias_gradient) {
  const std::size_t panels = panels_of(shape.in);
  parallel_for(panels, threads, [&](std::size_t begin, std::size_t end) {
    sum_rows(dy, shape, shape.out * begin / panels, shape.out * end / panels, bias_gradient);
    AlignedArray inputs(kBatchRun * kPanelWidth);
    AlignedArray sums(shape.out * kPanelWidth);
    for (std::size_t panel = begin; panel < end; ++panel) {
      const std::size_t column = panel * kPanelWidth;
      const std::size_t width = std::min(kPanelWidth, shape.in - column);
      for (std::size_t row = 0; row < shape.rows; row += kBatchRun) {
        const std::size_t count = std::min(kBatchRun, shape.rows - row);
        for (std::size_t r = 0; r < count; ++r) {
          float* const to = inputs.data() + r * kPanelWidth;
          std::fill_n(std::copy_n(x + (row + r) * shape.in + column, width, to), kPanelWidth - width, 0.0F);
        }
        multiply_panel({dy + row * shape.out, 1, shape.out}, {inputs.data(), kPanelWidth}, shape.out, count, row > 0,
                       sums.data(), kPanelWidth);
      }
      for (std::size_t o = 0; o < shape.out; ++o) {
        std::copy_n(sums.data() + o * kPanelWidth, width, weight_gradient + o * shape.in + column);
      }
    }
  });
}

void linear_input_gradient(const float* dy, const float* weight, LayerShape shape, int threads, float* dx) {
  const PackedColumns plain(shape.out, shape.in, threads,
                            [&](std::size_t o, std::size_t k) { return weight[o * shape.in + k]; });
  multiply(dy, shape.rows, plain, nullptr, threads, dx);
}

}  // namespace unreel::contrast
