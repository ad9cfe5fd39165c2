// Batches and options that every loss is tested with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "data.h"
#include "written_losses.h"

namespace unreel::contrast::test {

struct NamedCase {
  std::string name;
  LossCase one;
};

/// Labels cycle through `label_cycle`.
inline LossCase random_case(LossShape shape, const std::vector<std::int32_t>& label_cycle, std::uint64_t seed) {
  LossCase one{shape, {}, random_values(shape.rows * shape.dims, seed), random_values(shape.dims + 1, seed + 1), {}};
  for (std::size_t i = 0; i < shape.rows; ++i) one.labels.push_back(label_cycle[i % label_cycle.size()]);
  return one;
}

inline float* row_of(LossCase& one, std::size_t row) { return one.u.data() + row * one.shape.dims; }

inline LossCase with_zero_row(LossCase one, std::size_t row) {
  std::fill_n(row_of(one, row), one.shape.dims, 0.0F);
  return one;
}

/// The row's numbers times `factor`.
inline LossCase with_scaled_row(LossCase one, std::size_t row, float factor) {
  for (std::size_t k = 0; k < one.shape.dims; ++k) row_of(one, row)[k] *= factor;
  return one;
}

inline LossCase with_copies(LossCase one, std::size_t from, const std::vector<std::size_t>& rows) {
  for (const std::size_t row : rows) std::copy_n(row_of(one, from), one.shape.dims, row_of(one, row));
  return one;
}

/// Rows of one class lie about a point; `spread` is how far.
inline LossCase clustered(LossCase one, float spread) {
  for (std::size_t i = 0; i < one.shape.rows; ++i) {
    for (std::size_t k = 0; k < one.shape.dims; ++k) {
      float& value = row_of(one, i)[k];
      value = spread * value + ((k + static_cast<std::size_t>(one.labels[i])) % 2 == 0 ? 1.0F : 0.2F);
    }
  }
  return one;
}

/// Labels 0 and 1 alone, which every loss takes, and no two distances that are equal by more than chance.
inline std::vector<NamedCase> smooth_cases() {
  return {
      {"two classes", random_case({12, 4}, {0, 1}, 11)},
      {"two dimensions", random_case({9, 2}, {0, 1, 1}, 12)},
      {"past a tile", random_case({19, 7}, {0, 1, 1}, 13)},
      {"one real among fakes", random_case({9, 6}, {0, 1, 1, 1, 1, 1, 1, 1, 1}, 14)},
      {"one fake among reals", random_case({9, 6}, {1, 0, 0, 0, 0, 0, 0, 0, 0}, 15)},
      {"reals alone", random_case({6, 5}, {0}, 16)},
      {"fakes alone", random_case({6, 5}, {1}, 17)},
      {"one of each", random_case({2, 3}, {0, 1}, 18)},
      {"a pair", random_case({2, 3}, {0}, 19)},
      {"one row", random_case({1, 3}, {1}, 20)},
      {"a row shorter than the least norm", with_scaled_row(random_case({8, 4}, {0, 1}, 22), 2, 4e-13F)},
      {"clusters", clustered(random_case({10, 6}, {0, 1}, 21), 0.3F)},
  };
}

/// Batches with equal distances, in which a hard triplet is one of several, or with more rows and dimensions.
inline std::vector<NamedCase> all_cases() {
  std::vector<NamedCase> cases = smooth_cases();
  cases.push_back({"duplicates", with_copies(random_case({10, 4}, {0, 1}, 31), 0, {2, 4, 5})});
  cases.push_back({"all rows alike", with_copies(random_case({5, 4}, {0, 1}, 32), 0, {1, 2, 3, 4})});
  cases.push_back({"one dimension", random_case({7, 1}, {0, 1}, 33)});
  cases.push_back({"past a block", random_case({70, 5}, {0, 1, 1, 1}, 34)});
  cases.push_back({"many dimensions", random_case({24, 512}, {0, 1}, 35)});
  cases.push_back({"narrow clusters", clustered(random_case({16, 8}, {0, 1}, 36), 1e-4F)});
  return cases;
}

inline LossOptions options_of(LossKind kind) {
  LossOptions options;
  options.kind = kind;
  return options;
}

/// Every loss with its defaults and with other numbers, without a term.
inline std::vector<std::pair<std::string, LossOptions>> plain_options() {
  std::vector<std::pair<std::string, LossOptions>> all;
  const auto add = [&all](const std::string& name, LossKind kind, auto change) {
    LossOptions options = options_of(kind);
    change(options);
    all.emplace_back(name, options);
  };
  const auto defaults = [](LossOptions&) {};
  add("supcon", LossKind::supcon, defaults);
  add("supcon, base temperature", LossKind::supcon,
      [](LossOptions& o) { o.temperature = 0.5, o.base_temperature = 0.07; });
  add("align-uniform", LossKind::align_uniform, defaults);
  add("align-uniform, other numbers", LossKind::align_uniform,
      [](LossOptions& o) { o.align_alpha = 3, o.uniform_t = 5, o.align_weight = 0.1, o.uniform_weight = 0.5; });
  add("align-uniform, plain distances", LossKind::align_uniform, [](LossOptions& o) { o.align_alpha = 1; });
  add("triplet, hard", LossKind::triplet, defaults);
  add("triplet, hard, wide", LossKind::triplet, [](LossOptions& o) { o.margin = 1.5; });
  add("triplet, all", LossKind::triplet, [](LossOptions& o) { o.mining = TripletMining::all; });
  add("triplet, all, wide", LossKind::triplet, [](LossOptions& o) { o.mining = TripletMining::all, o.margin = 1; });
  add("margin", LossKind::margin, defaults);
  add("margin, narrow", LossKind::margin, [](LossOptions& o) { o.margin = 0.4; });
  add("single-centre", LossKind::single_centre, defaults);
  add("single-centre, wide", LossKind::single_centre, [](LossOptions& o) { o.margin = 2; });
  return all;
}

/// plain_options(), each also with the two terms.
inline std::vector<std::pair<std::string, LossOptions>> all_options() {
  auto all = plain_options();
  for (const auto& [name, options] : plain_options()) {
    LossOptions with_term = options;
    with_term.term = LossTerm::cross_entropy;
    all.emplace_back(name + " + cross-entropy", with_term);
    with_term.term = LossTerm::hinge;
    with_term.term_weight = 0.3;
    all.emplace_back(name + " + hinge", with_term);
  }
  return all;
}

}  // namespace unreel::contrast::test
