#include "svm/row_cache.h"

#include <algorithm>

namespace unreel::svm {
namespace {

/// Rows that are computed together: enough that the vectors, which come from memory for all of them once, cost little.
constexpr std::size_t kBatch = 16;
/// The row before the last one that was handed out is still in use.
constexpr std::size_t kFewestRows = 4;

}  // namespace

RowCache::RowCache(KernelSource& source, const signed char* signs, std::size_t bytes)
    : source_(source),
      signs_(signs),
      most_rows_(std::max(kFewestRows, bytes / (source.size() * sizeof(float)))),
      places_(source.size(), rows_.end()) {}

std::size_t RowCache::length_of(std::size_t row) const {
  return places_[row] == rows_.end() ? 0 : places_[row]->length;
}

bool RowCache::has(std::size_t row, std::size_t length) const { return length_of(row) >= length; }

float* RowCache::row(std::size_t row, std::size_t length) {
  if (places_[row] != rows_.end()) catch_up(*places_[row]);
  if (!has(row, length)) complete(row, length);
  const Place place = places_[row];
  rows_.splice(rows_.end(), rows_, place);
  return place->values.get();
}

/// Carries out the swaps since the row was last used. Where one brings an element that is not there, the row ends
/// before it.
void RowCache::catch_up(Row& row) const {
  for (; row.swaps < swaps_.size(); ++row.swaps) {
    const auto [i, j] = swaps_[row.swaps];
    if (j < row.length) {
      std::swap(row.values[i], row.values[j]);
    } else {
      row.length = std::min(row.length, i);
    }
  }
}

void RowCache::complete(std::size_t row, std::size_t length) {
  std::vector<std::size_t> batch;
  const std::size_t most = std::min(kBatch, most_rows_ - 2);
  if (most > 1 && forecast_) forecast_(row, most - 1, batch);
  batch.insert(batch.begin(), row);
  const std::size_t from = length_of(row);
  // Only rows that lack the same elements can be computed with it.
  batch.erase(std::remove_if(batch.begin() + 1, batch.end(),
                             [&](std::size_t other) { return other == row || length_of(other) != from; }),
              batch.end());

  std::vector<float*> out;
  std::vector<Place> places;
  for (const std::size_t each : batch) {
    const Place place = slot_for(each);
    catch_up(*place);
    if (place->length != from) continue;
    place->keep = true;
    places.push_back(place);
    out.push_back(place->values.get());
  }
  std::vector<std::size_t> indices;
  for (const Place place : places) indices.push_back(place->index);
  source_.rows({indices.data(), out.data(), indices.size(), from, length});
  for (const Place place : places) {
    const int sign = signs_[place->index];
    for (std::size_t k = from; k < length; ++k) {
      if (sign != signs_[k]) place->values[k] = -place->values[k];
    }
    place->length = length;
    place->keep = false;
  }
}

/// The row's place, an empty one where it had none.
RowCache::Place RowCache::slot_for(std::size_t row) {
  if (places_[row] != rows_.end()) return places_[row];
  if (rows_.size() < most_rows_) {
    rows_.push_back({std::make_unique<float[]>(source_.size()), 0, 0, 0, false});
  } else {
    // The last of the list was handed out by the call before this one.
    Place oldest = rows_.begin();
    while (oldest->keep) ++oldest;
    places_[oldest->index] = rows_.end();
    rows_.splice(rows_.end(), rows_, oldest);
  }
  const Place place = std::prev(rows_.end());
  place->length = 0;
  place->swaps = swaps_.size();
  place->index = row;
  places_[row] = place;
  return place;
}

void RowCache::swap(std::size_t i, std::size_t j) {
  if (i == j) return;
  source_.swap(i, j);
  std::swap(places_[i], places_[j]);
  if (places_[i] != rows_.end()) places_[i]->index = i;
  if (places_[j] != rows_.end()) places_[j]->index = j;
  swaps_.emplace_back(std::min(i, j), std::max(i, j));
}

}  // namespace unreel::svm
