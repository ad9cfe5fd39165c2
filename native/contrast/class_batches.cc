#include "contrast/class_batches.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace unreel::contrast {

ClassBatches::ClassBatches(const RowOrigins& origins, const std::vector<std::size_t>& rows, const BatchShape& shape,
                           std::uint64_t seed)
    : random_(seed) {
  std::vector<std::size_t> smaller;
  for (const std::size_t row : rows) (origins.labels[row] == 1 ? larger_ : smaller).push_back(row);
  if (larger_.size() < smaller.size()) std::swap(larger_, smaller);
  UNREEL_CHECK(!smaller.empty() && shape.rows >= 2 && shape.frames_per_video >= 1);
  const std::size_t half = shape.rows - shape.rows / 2;
  const std::size_t parts = (larger_.size() + half - 1) / half;
  count_ = std::min(parts, std::max<std::size_t>(larger_.size() / 2, 1));
  deals_ = std::min(shape.rows - half, smaller.size());
  cut_blocks(origins, shape.frames_per_video);
  pair(origins, smaller);
}

void ClassBatches::cut_blocks(const RowOrigins& origins, std::size_t frames_per_video) {
  const auto video_of = [&](std::size_t row) { return origins.videos[row]; };
  if (origins.videos != nullptr) {
    std::stable_sort(larger_.begin(), larger_.end(),
                     [&](std::size_t a, std::size_t b) { return video_of(a) < video_of(b); });
  }
  for (std::size_t begin = 0; begin < larger_.size();) {
    std::size_t end = begin + 1;
    while (end < larger_.size() && origins.videos != nullptr && video_of(larger_[end]) == video_of(larger_[begin])) {
      ++end;
    }
    videos_.push_back(begin);
    const std::size_t cuts = (end - begin + frames_per_video - 1) / frames_per_video;
    for (std::size_t c = 0; c < cuts; ++c) {
      const std::size_t first = begin + (end - begin) * c / cuts;
      const std::size_t last = begin + (end - begin) * (c + 1) / cuts;
      blocks_.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last - first), kNoDeck});
    }
    begin = end;
  }
  videos_.push_back(larger_.size());
}

void ClassBatches::pair(const RowOrigins& origins, const std::vector<std::size_t>& smaller) {
  if (origins.groups == nullptr) {
    partners_.emplace(std::vector<std::vector<std::size_t>>{smaller});
    return;
  }
  std::vector<std::vector<std::size_t>> decks;
  std::unordered_map<std::uint32_t, std::uint32_t> deck_of;
  for (const std::size_t row : smaller) {
    const auto [known, added] = deck_of.try_emplace(origins.groups[row], static_cast<std::uint32_t>(decks.size()));
    if (added) decks.emplace_back();
    decks[known->second].push_back(row);
  }
  partners_.emplace(decks);
  wanted_.resize(decks.size());

  std::vector<bool> met(decks.size());
  std::size_t filled = 0;
  for (Block& block : blocks_) {
    const auto known = deck_of.find(origins.groups[larger_[block.first]]);
    if (known == deck_of.end()) continue;
    block.deck = known->second;
    met[block.deck] = true;
    filled += std::min<std::size_t>(block.rows, decks[block.deck].size());
  }
  std::size_t lone = 0;
  for (std::size_t deck = 0; deck < decks.size(); ++deck) lone += met[deck] ? 0 : decks[deck].size();
  lend(lone, filled);
}

void ClassBatches::lend(std::size_t lone, std::size_t filled) {
  if (filled == 0) return;
  const auto places = static_cast<double>(larger_.size());
  const double due = places * static_cast<double>(lone) / static_cast<double>(partners_->rows());
  const double open = places - static_cast<double>(filled);
  lent_share_ = std::max(0.0, due - open) / static_cast<double>(filled);
}

std::vector<ClassBatches::Batch> ClassBatches::next_epoch() {
  for (std::size_t v = 0; v + 1 < videos_.size(); ++v) {
    random_.shuffle(larger_.begin() + static_cast<std::ptrdiff_t>(videos_[v]),
                    larger_.begin() + static_cast<std::ptrdiff_t>(videos_[v + 1]));
  }
  random_.shuffle(blocks_);

  std::vector<Batch> batches(count_);
  std::vector<Block> pieces;
  std::size_t at = 0;      // of blocks_
  std::uint32_t used = 0;  // rows of that block
  for (std::size_t b = 0; b < count_; ++b) {
    const std::size_t size = larger_.size() * (b + 1) / count_ - larger_.size() * b / count_;
    batches[b].reserve(size + std::min(size, deals_));
    pieces.clear();
    while (batches[b].size() < size) {
      const Block& block = blocks_[at];
      const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(block.rows - used, size - batches[b].size()));
      pieces.push_back({block.first + used, taken, block.deck});
      const auto first = larger_.begin() + static_cast<std::ptrdiff_t>(pieces.back().first);
      batches[b].insert(batches[b].end(), first, first + static_cast<std::ptrdiff_t>(taken));
      used += taken;
      if (used == block.rows) {
        ++at;
        used = 0;
      }
    }
    join_partners(pieces, std::min(size, deals_), batches[b]);
  }
  return batches;
}

void ClassBatches::join_partners(const std::vector<Block>& blocks, std::size_t wanted, Batch& batch) {
  partners_->begin_batch();
  std::size_t open = wanted;
  std::size_t own = 0;
  for (const Block& block : blocks) {
    const std::size_t places = std::min<std::size_t>(block.rows, open);
    open -= places;
    own += own_places(block, places);
  }
  for (const Block& block : blocks) {
    if (block.deck == kNoDeck || wanted_[block.deck] == 0) continue;
    partners_->deal(block.deck, std::exchange(wanted_[block.deck], 0), random_, batch);
  }
  partners_->deal_any(wanted - own, random_, batch);
}

std::size_t ClassBatches::own_places(const Block& block, std::size_t places) {
  if (block.deck == kNoDeck) return 0;
  const std::size_t filled = std::min(places, partners_->rows(block.deck) - wanted_[block.deck]);
  // What could not be lent is not owed for ever: a deck of one row may come after many blocks that kept theirs.
  lent_ = std::min(lent_ + lent_share_ * static_cast<double>(filled), static_cast<double>(places));
  const auto lent = std::min(static_cast<std::size_t>(lent_), filled > 1 ? filled - 1 : filled);
  lent_ -= static_cast<double>(lent);
  wanted_[block.deck] += filled - lent;
  return filled - lent;
}

}  // namespace unreel::contrast
