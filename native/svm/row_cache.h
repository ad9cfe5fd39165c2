// The rows of Q that a solver has asked for, as many as a bound of memory allows.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "svm/kernel_source.h"

namespace unreel::svm {

/**
 * Q_ij = y_i y_j K_ij. When a row is missing, those that will probably be asked for next are computed with it. The row
 * that was not asked for for the longest time goes first. One thread at a time.
 *
 * A swap of two indices is carried out on a row when the row is asked for: most rows never are again, and the others
 * are in a core's cache then.
 */
class RowCache {
 public:
  /// Adds rows that will probably be wanted after `row`, the likeliest first.
  using Forecast = std::function<void(std::size_t row, std::vector<std::size_t>& rows)>;

  /// signs: size() of 1 or -1, borrowed, in the solver's order, which the solver keeps. bytes: the bound; four rows are
  /// kept in any case.
  RowCache(KernelSource& source, const signed char* signs, std::size_t bytes);

  void set_forecast(Forecast forecast) { forecast_ = std::move(forecast); }
  /// Whether as many more rows can be kept without another's having to go.
  bool has_room_for(std::size_t rows) const { return rows_.size() + rows <= most_; }
  /// Whether the elements [0, length) of a row are there.
  bool has(std::size_t row, std::size_t length) const { return length_of(row) >= length; }
  /// The elements [0, length) of a row, valid until the second call after this one.
  float* row(std::size_t row, std::size_t length);
  void swap(std::size_t i, std::size_t j);

 private:
  struct Row {
    std::size_t index = 0;            ///< of the row, now
    std::size_t length = 0;           ///< elements that are there
    std::size_t swaps = 0;            ///< of swaps_, those that values have seen
    bool in_use = false;              ///< handed out last, or being computed
    std::unique_ptr<float[]> values;  ///< as many as the source has columns
  };
  using Place = std::list<Row>::iterator;

  std::size_t length_of(std::size_t row) const;
  void catch_up(Row& row) const;
  void complete(std::size_t row, std::size_t length);
  std::vector<std::size_t> batch_with(std::size_t row) const;
  Place place_for(std::size_t row);
  void take_signs(Row& row, std::size_t from, std::size_t length) const;

  KernelSource& source_;
  const signed char* signs_;
  std::size_t most_;  ///< rows
  Forecast forecast_;
  std::list<Row> rows_;                                     ///< the one that was asked for last comes last
  std::vector<Place> places_;                               ///< of the rows by index; rows_.end() where there is none
  std::vector<std::pair<std::size_t, std::size_t>> swaps_;  ///< all so far, the lesser index first
};

}  // namespace unreel::svm
