#include "media/decode_plan.h"

#include <algorithm>
#include <utility>

namespace unreel::media {
namespace {

class Planner {
 public:
  Planner(const PacketIndex& packets, const std::vector<std::int64_t>& wanted, const DecodeCosts& costs)
      : packets_(packets), starts_(packets), costs_(costs) {
    plan_.sent.assign(packets.size(), false);
    for (const std::int64_t position : wanted) plan_.sent[at(position)] = true;
  }

  void reach(std::int64_t position) {
    const std::int64_t start = starts_.start_for(position);
    Stretch next{start, position};
    // A frame that is reached from further back than its predecessors takes their stretches in.
    while (!plan_.stretches.empty() && joins(plan_.stretches.back(), next.first)) {
      next.first = std::min(next.first, plan_.stretches.back().first);
      plan_.stretches.pop_back();
    }
    plan_.stretches.push_back(next);
  }

  DecodePlan finish() {
    for (const Stretch& stretch : plan_.stretches) choose_packets(stretch);
    return std::move(plan_);
  }

 private:
  static std::size_t at(std::int64_t position) { return static_cast<std::size_t>(position); }

  bool joins(const Stretch& stretch, std::int64_t start) const {
    if (start <= stretch.last) return true;
    double between = 0;
    if (between > costs_.jump) return false;
    for (std::int64_t i = stretch.last + 1; i < start; ++i) {
      between += packets_[at(i)].role.droppable ? 0 : 1;
      if (between > costs_.jump) return false;
    }
    return true;
  }

  void choose_packets(const Stretch& stretch) {
    bool skips_leading = false;
    for (std::int64_t i = stretch.first; i <= stretch.last; ++i) {
      const PacketRole& role = packets_[at(i)].role;
      if (role.random_access) skips_leading = !wants_leading(i);
      if (!role.droppable && !(role.leading && skips_leading)) plan_.sent[at(i)] = true;
    }
  }

  /// Whether a leading packet is wanted of the group that the random access point opens.
  bool wants_leading(std::int64_t random_access) const {
    for (std::size_t i = at(random_access) + 1; i < packets_.size() && !packets_[i].role.random_access; ++i) {
      if (packets_[i].role.leading && plan_.sent[i]) return true;
    }
    return false;
  }

  const PacketIndex& packets_;
  const StartPoints starts_;
  const DecodeCosts costs_;
  DecodePlan plan_;
};

}  // namespace

StartPoints::StartPoints(const PacketIndex& packets) : packets_(packets) {
  for (std::size_t i = 1; i < packets.size(); ++i) {
    if (packets[i].role.random_access) points_.push_back(static_cast<std::int64_t>(i));
  }
}

std::int64_t StartPoints::start_for(std::int64_t position) const {
  const std::int64_t pts = packets_[static_cast<std::size_t>(position)].pts;
  auto point = std::upper_bound(points_.begin(), points_.end(), position);
  while (point != points_.begin()) {
    --point;
    if (packets_[static_cast<std::size_t>(*point)].pts <= pts) return *point;
  }
  return 0;
}

DecodePlan plan_decoding(const PacketIndex& packets, const std::vector<std::int64_t>& wanted,
                         const DecodeCosts& costs) {
  Planner planner(packets, wanted, costs);
  for (const std::int64_t position : wanted) planner.reach(position);
  return planner.finish();
}

}  // namespace unreel::media
