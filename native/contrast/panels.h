// Vectors laid out so that their products with other vectors run along memory.
#pragma once

#include <cstddef>
#include <vector>

namespace unreel::contrast {

/**
 * `count` vectors of length `depth`, four side by side: panel p holds vectors 4p to 4p + 3 as depth x 4, those past the
 * last are zeros. Immutable, so any thread may read it.
 *
 * A compiler may not reorder the additions of one dot product, but four products beside each other vectorise as they
 * stand: the same bits on every machine and for every vector width.
 */
class Panels {
 public:
  static constexpr std::size_t kWidth = 4;

  /// vectors: count x depth, C order; float or double.
  template <class T>
  Panels(const T* vectors, std::size_t count, std::size_t depth);

  /// `vectors` rounded up to whole panels.
  static std::size_t padded(std::size_t vectors) { return (vectors + kWidth - 1) / kWidth * kWidth; }

  std::size_t count() const { return count_; }
  std::size_t depth() const { return depth_; }
  /// depth x kWidth.
  const double* operator[](std::size_t panel) const { return values_.data() + panel * depth_ * kWidth; }

 private:
  std::size_t count_, depth_;
  std::vector<double> values_;
};

/**
 * products: count x stride, row i column c = rows_i . vector (begin + c) for c below `columns`, each summed in double
 * from the first component to the last, whatever the other arguments. rows: count x panels.depth(). begin and columns
 * are multiples of Panels::kWidth, so the columns may end behind the last vector, with its panel: products there are 0.
 */
void multiply(const double* rows, std::size_t count, const Panels& panels, std::size_t begin, std::size_t columns,
              std::size_t stride, double* products);

}  // namespace unreel::contrast
