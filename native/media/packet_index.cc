#include "media/packet_index.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>

namespace unreel::media {

void settle_losses(PacketIndex& packets) {
  bool is_after_loss = false;
  bool was_after_loss = false;  // before the last key packet
  std::int64_t key_pts = kNoTime;
  for (PacketEntry& packet : packets) {
    if (packet.key || packet.role.random_access) {
      was_after_loss = is_after_loss;
      is_after_loss = false;
      key_pts = packet.pts;
    }
    is_after_loss |= packet.role.misses_reference;
    packet.spoiled = packet.cut || is_after_loss || (was_after_loss && packet.pts < key_pts);
  }
}

void settle_layers(PacketIndex& packets) {
  std::uint8_t highest = 0;
  for (const PacketEntry& packet : packets) highest = std::max(highest, packet.role.temporal_layer);
  for (PacketEntry& packet : packets) packet.role.droppable &= packet.role.temporal_layer == highest;
}

int reorder_depth(const PacketIndex& packets) {
  // The largest pts that no later packet undercuts any more leave the window from below; what stays above the newest
  // packet's pts waits for it.
  std::vector<std::int64_t> least_to_come(packets.size() + 1, std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = packets.size(); i-- > 0;) {
    const bool counts = packets[i].shown && packets[i].pts != kNoTime;
    least_to_come[i] = counts ? std::min(least_to_come[i + 1], packets[i].pts) : least_to_come[i + 1];
  }
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> waiting;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (!packets[i].shown || packets[i].pts == kNoTime) continue;
    waiting.push(packets[i].pts);
    while (!waiting.empty() && waiting.top() < least_to_come[i + 1]) waiting.pop();
    depth = std::max(depth, waiting.size());
  }
  return static_cast<int>(depth);
}

}  // namespace unreel::media
