#include "contrast/class_batches.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"

namespace unreel::contrast {

ClassBatches::ClassBatches(const std::int32_t* labels, const std::vector<std::size_t>& rows, std::size_t batch,
                           std::uint64_t seed)
    : random_(seed) {
  for (const std::size_t row : rows) (labels[row] == 1 ? larger_ : smaller_).push_back(row);
  if (larger_.size() < smaller_.size()) std::swap(larger_, smaller_);
  UNREEL_CHECK(!smaller_.empty() && batch >= 2);
  const std::size_t half = batch - batch / 2;
  const std::size_t parts = (larger_.size() + half - 1) / half;
  count_ = std::min(parts, std::max<std::size_t>(larger_.size() / 2, 1));
  deals_ = std::min(batch - half, smaller_.size());
}

std::vector<ClassBatches::Batch> ClassBatches::next_epoch() {
  random_.shuffle(larger_);
  std::vector<Batch> batches(count_);
  for (std::size_t b = 0; b < count_; ++b) {
    const std::size_t begin = larger_.size() * b / count_;
    const std::size_t end = larger_.size() * (b + 1) / count_;
    batches[b].assign(larger_.begin() + begin, larger_.begin() + end);
    deal(std::min(end - begin, deals_), batches[b]);
  }
  return batches;
}

void ClassBatches::deal(std::size_t wanted, Batch& batch) {
  const auto take = [&](std::size_t count) {
    const auto first = deck_.end() - static_cast<std::ptrdiff_t>(count);
    batch.insert(batch.end(), first, deck_.end());
    deck_.erase(first, deck_.end());
  };
  const std::size_t left = std::min(wanted, deck_.size());
  take(left);
  if (left == wanted) return;

  const std::set<std::size_t> present(batch.begin(), batch.end());
  deck_ = smaller_;
  random_.shuffle(deck_);
  std::stable_partition(deck_.begin(), deck_.end(), [&](std::size_t row) { return present.count(row) != 0; });
  take(wanted - left);
  random_.shuffle(deck_);
}

}  // namespace unreel::contrast
