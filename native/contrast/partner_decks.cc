#include "contrast/partner_decks.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace unreel::contrast {

PartnerDecks::PartnerDecks(const std::vector<std::vector<std::size_t>>& groups) {
  for (const auto& group : groups) {
    UNREEL_CHECK(!group.empty());
    decks_.push_back({rows_.size(), group.size(), 0});
    rows_.insert(rows_.end(), group.begin(), group.end());
  }
  order_.resize(rows_.size());
  std::iota(order_.begin(), order_.end(), std::uint32_t{0});
  times_.resize(rows_.size());
  batches_.resize(rows_.size());
}

void PartnerDecks::deal(std::size_t group, std::size_t wanted, Random& random, std::vector<std::size_t>& batch) {
  Deck& deck = decks_[group];
  const std::size_t left = std::min(wanted, deck.left);
  take_from(deck, left, batch);
  if (left == wanted) return;

  // Those that were just taken stand at the front now, out of reach of the second taking.
  const auto first = order_.begin() + static_cast<std::ptrdiff_t>(deck.first);
  random.shuffle(first + static_cast<std::ptrdiff_t>(left), first + static_cast<std::ptrdiff_t>(deck.size));
  deck.left = deck.size;
  take_from(deck, wanted - left, batch);
  random.shuffle(first, first + static_cast<std::ptrdiff_t>(deck.left));
}

void PartnerDecks::deal_any(std::size_t wanted, Random& random, std::vector<std::size_t>& batch) {
  while (wanted > 0) {
    if (least_.empty()) refill(random);
    const std::uint32_t place = least_.back();
    least_.pop_back();
    // A deck may have dealt it since it was listed.
    if (times_[place] != level_) continue;
    take(place, batch);
    --wanted;
  }
}

void PartnerDecks::take(std::size_t place, std::vector<std::size_t>& batch) {
  ++times_[place];
  batches_[place] = batch_;
  batch.push_back(rows_[place]);
}

void PartnerDecks::take_from(Deck& deck, std::size_t count, std::vector<std::size_t>& batch) {
  for (std::size_t i = 0; i < count; ++i) take(order_[deck.first + --deck.left], batch);
}

void PartnerDecks::refill(Random& random) {
  level_ = std::numeric_limits<std::uint32_t>::max();
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    if (batches_[place] != batch_) level_ = std::min(level_, times_[place]);
  }
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    if (times_[place] == level_ && batches_[place] != batch_) least_.push_back(static_cast<std::uint32_t>(place));
  }
  UNREEL_CHECK(!least_.empty());
  random.shuffle(least_);
}

}  // namespace unreel::contrast
