#include "media/presentation_order.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace unreel::media {

PresentationOrder::PresentationOrder(std::vector<std::int64_t> wanted, int depth)
    : wanted_(std::move(wanted)), window_(std::clamp(depth + 1, kWindow, kWidest)) {}

bool PresentationOrder::wants(std::int64_t index) const {
  const auto from = wanted_.begin() + static_cast<std::ptrdiff_t>(next_);
  return std::binary_search(from, wanted_.end(), index) && come_.find(index) == come_.end();
}

void PresentationOrder::put(Frame&& frame) {
  const std::int64_t index = frame.index;
  come_.emplace(index, std::move(frame));
}

void PresentationOrder::put_damaged(std::int64_t index) {
  come_.emplace(index, std::nullopt);
  ++damaged_;
}

bool PresentationOrder::arrived(std::int64_t index) {
  newest_ = index;
  pass_over_settled();
  if (complete() || index <= wanted_[next_] || come_.count(wanted_[next_]) != 0) return false;
  return ++overtaken_ >= window_;
}

void PresentationOrder::give_up_overtaken() {
  const std::int64_t lowest = come_.empty() ? newest_ : come_.begin()->first;
  for (; !complete() && wanted_[next_] < lowest; ++next_) ++missing_;
  overtaken_ = 0;
}

void PresentationOrder::give_up(std::int64_t index) {
  come_.emplace(index, std::nullopt);
  ++missing_;
}

std::optional<Frame> PresentationOrder::take() {
  pass_over_settled();
  if (complete()) return std::nullopt;
  const auto found = come_.find(wanted_[next_]);
  if (found == come_.end()) return std::nullopt;
  std::optional<Frame> frame = std::move(found->second);
  come_.erase(found);
  ++next_;
  overtaken_ = 0;
  return frame;
}

void PresentationOrder::finish() {
  std::vector<std::int64_t> left;
  for (; next_ < wanted_.size(); ++next_) {
    if (come_.count(wanted_[next_]) != 0) {
      left.push_back(wanted_[next_]);
    } else {
      ++missing_;
    }
  }
  wanted_ = std::move(left);
  next_ = 0;
}

void PresentationOrder::pass_over_settled() {
  for (; !complete(); ++next_) {
    const auto found = come_.find(wanted_[next_]);
    if (found == come_.end() || found->second) return;
    come_.erase(found);
    overtaken_ = 0;
  }
}

}  // namespace unreel::media
