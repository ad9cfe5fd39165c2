#include "svm/row_cache.h"

#include <algorithm>

namespace unreel::svm {
namespace {

/// Rows that are kept in any case: one that was handed out, one that is computed, and two that come with it.
constexpr std::size_t kFewestRows = 4;

/// What a row takes of memory, which comes in pages.
std::size_t bytes_of_row(std::size_t columns) {
  constexpr std::size_t kPage = 4096;
  return (columns * sizeof(float) / kPage + 1) * kPage;
}

}  // namespace

RowCache::RowCache(KernelSource& source, const signed char* signs, std::size_t bytes)
    : source_(source),
      signs_(signs),
      most_(std::max(kFewestRows, bytes / bytes_of_row(source.size()))),
      places_(source.size(), rows_.end()) {}

std::size_t RowCache::length_of(std::size_t row) const {
  return places_[row] == rows_.end() ? 0 : places_[row]->length;
}

float* RowCache::row(std::size_t row, std::size_t length) {
  if (places_[row] != rows_.end()) catch_up(*places_[row]);
  if (!has(row, length)) complete(row, length);
  if (!rows_.empty()) rows_.back().in_use = false;
  const Place place = places_[row];
  rows_.splice(rows_.end(), rows_, place);
  place->in_use = true;
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
  const std::size_t from = length_of(row);
  const Place handed_out = rows_.empty() ? rows_.end() : std::prev(rows_.end());
  std::vector<std::size_t> indices;
  std::vector<Place> places;
  std::vector<float*> out;
  for (const std::size_t each : batch_with(row)) {
    const Place place = place_for(each);
    // Only rows that lack the same elements can be computed together.
    if (place->length != from) continue;
    place->in_use = true;
    indices.push_back(each);
    places.push_back(place);
    out.push_back(place->values.get());
  }
  source_.rows({indices.data(), out.data(), indices.size(), from, length});
  for (const Place place : places) {
    take_signs(*place, from, length);
    place->length = length;
    place->in_use = false;
  }
  // It stays the last of the list, for row() to let go.
  if (handed_out != rows_.end()) rows_.splice(rows_.end(), rows_, handed_out);
}

/// The row, then those of the forecast that have as many elements and fit.
std::vector<std::size_t> RowCache::batch_with(std::size_t row) const {
  std::vector<std::size_t> batch{row};
  if (forecast_) forecast_(row, batch);
  const std::size_t from = length_of(row);
  const auto unfit = [&](std::size_t other) { return other == row || length_of(other) != from; };
  batch.erase(std::remove_if(batch.begin() + 1, batch.end(), unfit), batch.end());
  batch.resize(std::min(batch.size(), most_ - 2));
  return batch;
}

/// The row's place; where it had none, that of the row that was not asked for for the longest time, or a new one. All
/// have memory for whole rows: of rows of many lengths a third more would be taken than is used.
RowCache::Place RowCache::place_for(std::size_t row) {
  if (places_[row] != rows_.end()) {
    catch_up(*places_[row]);
    return places_[row];
  }
  if (rows_.size() < most_) {
    rows_.push_back({row, 0, 0, false, std::make_unique<float[]>(source_.size())});
  } else {
    const Place oldest = std::find_if(rows_.begin(), rows_.end(), [](const Row& each) { return !each.in_use; });
    places_[oldest->index] = rows_.end();
    rows_.splice(rows_.end(), rows_, oldest);
  }
  const Place place = std::prev(rows_.end());
  place->index = row;
  place->length = 0;
  place->swaps = swaps_.size();
  places_[row] = place;
  return place;
}

void RowCache::take_signs(Row& row, std::size_t from, std::size_t length) const {
  const int sign = signs_[row.index];
  for (std::size_t k = from; k < length; ++k) {
    if (sign != signs_[k]) row.values[k] = -row.values[k];
  }
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
