// Sums over float components in double, in eight strands: vectors for the compiler, the same bits on every machine.
#pragma once

#include <cstddef>

namespace unreel::contrast {

/// sum of term(k) for k below count.
template <class Term>
double strand_sum(std::size_t count, const Term& term) {
  constexpr std::size_t kStrands = 8;
  double strands[kStrands] = {};
  std::size_t k = 0;
  for (; k + kStrands <= count; k += kStrands) {
    for (std::size_t s = 0; s < kStrands; ++s) strands[s] += term(k + s);
  }
  for (; k < count; ++k) strands[0] += term(k);
  return ((strands[0] + strands[4]) + (strands[2] + strands[6])) +
         ((strands[1] + strands[5]) + (strands[3] + strands[7]));
}

}  // namespace unreel::contrast
