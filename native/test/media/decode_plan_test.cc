// The plan is a pure function: its properties over random streams, without a decoder.
#include "media/decode_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/random.h"

namespace unreel::media {
namespace {

/// A stream of groups, each opened by a random access point: then leading packets, shown before it, then trailing ones.
/// The first group may lack its random access point, as in a stream that was cut.
PacketIndex random_stream(Random& random) {
  PacketIndex packets;
  std::int64_t shown = 1000;
  const auto groups = 1 + random.below(8);
  for (std::uint64_t group = 0; group < groups; ++group) {
    const auto leading = group == 0 ? 0 : random.below(4);
    PacketEntry first;
    first.role.random_access = group > 0 || random.below(4) > 0;
    first.pts = shown + static_cast<std::int64_t>(leading);
    packets.push_back(first);
    for (std::uint64_t i = 0; i < leading; ++i) {
      PacketEntry packet;
      packet.pts = shown + static_cast<std::int64_t>(i);
      packet.role.leading = true;
      packet.role.droppable = random.below(2) == 0;
      packets.push_back(packet);
    }
    shown += static_cast<std::int64_t>(leading) + 1;
    const auto trailing = random.below(30);
    for (std::uint64_t i = 0; i < trailing; ++i) {
      PacketEntry packet;
      packet.pts = shown++;
      packet.role.droppable = random.below(2) == 0;
      packets.push_back(packet);
    }
  }
  return packets;
}

std::vector<std::int64_t> random_positions(Random& random, std::size_t size) {
  std::set<std::int64_t> positions;
  const auto count = 1 + random.below(std::min<std::uint64_t>(size, 12));
  for (std::uint64_t i = 0; i < count; ++i) positions.insert(static_cast<std::int64_t>(random.below(size)));
  return {positions.begin(), positions.end()};
}

/// What the frame at `position` may depend on, as codecs allow it: every reference before it since its group's random
/// access point, leading ones for leading packets alone; and for leading packets the references of the group before,
/// too.
std::vector<std::int64_t> dependencies(const PacketIndex& packets, std::int64_t position) {
  std::vector<std::int64_t> found;
  const bool is_leading = packets[static_cast<std::size_t>(position)].role.leading;
  int groups_to_cross = is_leading ? 2 : 1;
  for (std::int64_t i = position; i >= 0; --i) {
    const PacketRole& role = packets[static_cast<std::size_t>(i)].role;
    const bool in_own_group = groups_to_cross == (is_leading ? 2 : 1);
    if (!role.droppable && (i == position || !role.leading || (is_leading && in_own_group))) found.push_back(i);
    if (role.random_access && i != position && --groups_to_cross == 0) break;
    if (role.random_access && i == position) break;
  }
  return found;
}

class DecodePlanOfRandomStreams : public ::testing::Test {
 protected:
  template <class Check>
  void for_many(Check check) {
    Random random(7);
    for (int round = 0; round < 3000; ++round) {
      const PacketIndex packets = random_stream(random);
      const std::vector<std::int64_t> wanted = random_positions(random, packets.size());
      DecodeCosts costs;
      costs.jump = static_cast<double>(random.below(6));
      check(packets, wanted, plan_decoding(packets, wanted, costs));
      if (HasFailure()) FAIL() << "round " << round;
    }
  }
};

TEST_F(DecodePlanOfRandomStreams, SendsEveryWantedFrameAndAllThatItDependsOn) {
  for_many([](const PacketIndex& packets, const std::vector<std::int64_t>& wanted, const DecodePlan& plan) {
    for (const std::int64_t position : wanted) {
      const auto stretch = std::find_if(plan.stretches.begin(), plan.stretches.end(), [&](const Stretch& each) {
        return each.first <= position && position <= each.last;
      });
      ASSERT_NE(stretch, plan.stretches.end()) << position;
      EXPECT_TRUE(plan.sent[static_cast<std::size_t>(position)]);
      for (const std::int64_t needed : dependencies(packets, position)) {
        EXPECT_TRUE(plan.sent[static_cast<std::size_t>(needed)]) << position << " needs " << needed;
        EXPECT_GE(needed, stretch->first) << position << " needs " << needed;
      }
    }
  });
}

TEST_F(DecodePlanOfRandomStreams, BeginsOnlyWhereDecodingMayBegin) {
  for_many([](const PacketIndex& packets, const std::vector<std::int64_t>& wanted, const DecodePlan& plan) {
    std::int64_t end = -1;
    for (const Stretch& stretch : plan.stretches) {
      EXPECT_TRUE(stretch.first == 0 || packets[static_cast<std::size_t>(stretch.first)].role.random_access);
      EXPECT_GT(stretch.first, end) << "stretches do not overlap and ascend";
      EXPECT_LE(stretch.first, stretch.last);
      EXPECT_TRUE(std::binary_search(wanted.begin(), wanted.end(), stretch.last)) << "nothing is sent behind a frame";
      end = stretch.last;
    }
  });
}

TEST_F(DecodePlanOfRandomStreams, LeavesOutWhatNothingDependsOn) {
  for_many([](const PacketIndex& packets, const std::vector<std::int64_t>& wanted, const DecodePlan& plan) {
    for (std::size_t i = 0; i < packets.size(); ++i) {
      const bool is_wanted = std::binary_search(wanted.begin(), wanted.end(), static_cast<std::int64_t>(i));
      EXPECT_FALSE(packets[i].role.droppable && !is_wanted && plan.sent[i]) << i;
    }
  });
}

/// 20 groups of 10: a reference and a droppable packet in turn.
PacketIndex regular_stream() {
  PacketIndex packets(200);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    packets[i].pts = static_cast<std::int64_t>(i);
    packets[i].role.random_access = i % 10 == 0;
    packets[i].role.droppable = i % 2 == 1;
  }
  return packets;
}

TEST(DecodePlan, JumpsOverALongWayAndGoesOnOverAShortOne) {
  const PacketIndex packets = regular_stream();
  DecodeCosts costs;
  costs.jump = 4;
  const DecodePlan far = plan_decoding(packets, {3, 192}, costs);
  ASSERT_EQ(far.stretches.size(), 2U);
  EXPECT_EQ(far.stretches[1].first, 190);
  EXPECT_EQ(std::count(far.sent.begin(), far.sent.end(), true), 3 + 2);  // 0 2 3, 190 192
  const DecodePlan near = plan_decoding(packets, {3, 12}, costs);
  ASSERT_EQ(near.stretches.size(), 1U) << "three packets between cost less than a jump";
  costs.jump = 2;
  EXPECT_EQ(plan_decoding(packets, {3, 12}, costs).stretches.size(), 2U);
}

TEST(DecodePlan, AllFramesAreOneStretchAndNothingIsLeftOut) {
  const PacketIndex packets = regular_stream();
  std::vector<std::int64_t> wanted;
  for (std::int64_t i = 0; i < 200; ++i) wanted.push_back(i);
  const DecodePlan plan = plan_decoding(packets, wanted, {});
  ASSERT_EQ(plan.stretches.size(), 1U);
  EXPECT_EQ(std::count(plan.sent.begin(), plan.sent.end(), false), 0);
}

TEST(PacketIndex, OnlyTheHighestTemporalLayerIsDroppable) {
  PacketIndex packets(3);
  for (std::size_t i = 0; i < 3; ++i) {
    packets[i].role.droppable = true;
    packets[i].role.temporal_layer = static_cast<std::uint8_t>(i);
  }
  settle_layers(packets);
  EXPECT_FALSE(packets[0].role.droppable);
  EXPECT_FALSE(packets[1].role.droppable);
  EXPECT_TRUE(packets[2].role.droppable);
}

TEST(PacketIndex, ReorderDepthIsWhatADecoderHasToHoldBack) {
  const auto depth_of = [](const std::vector<std::int64_t>& pts) {
    PacketIndex packets(pts.size());
    for (std::size_t i = 0; i < pts.size(); ++i) packets[i].pts = pts[i];
    return reorder_depth(packets);
  };
  EXPECT_EQ(depth_of({0, 1, 2, 3}), 0);
  EXPECT_EQ(depth_of({0, 2, 1, 4, 3}), 1);              // I P b P b
  EXPECT_EQ(depth_of({0, 4, 2, 1, 3, 8, 6, 5, 7}), 2);  // a pyramid
}

}  // namespace
}  // namespace unreel::media
