#include "media/presentation_order.h"

#include <gtest/gtest.h>

#include "media/av_ptr.h"

namespace unreel::media {
namespace {

using Numbers = std::vector<std::int64_t>;

Frame numbered(std::int64_t index) {
  Frame frame = Frame::adopt(make_frame().release());
  frame.index = index;
  return frame;
}

/// What comes out when frames arrive in the order of `arrivals`; those in `broken` arrive damaged.
Numbers handed_out(PresentationOrder& order, const Numbers& arrivals, const Numbers& broken = {}) {
  Numbers out;
  const auto drain = [&] {
    while (std::optional<Frame> frame = order.take()) out.push_back(frame->index);
  };
  for (const std::int64_t index : arrivals) {
    if (order.wants(index)) {
      if (std::find(broken.begin(), broken.end(), index) != broken.end()) {
        order.put_damaged(index);
      } else {
        order.put(numbered(index));
      }
    }
    if (order.arrived(index)) order.give_up_overtaken();
    drain();
  }
  order.finish();
  drain();
  return out;
}

TEST(PresentationOrder, WaitsForALowerFrameThatComesLater) {
  PresentationOrder order({1, 3, 4}, 0);
  EXPECT_EQ(handed_out(order, {0, 3, 2, 4, 1, 5}), (Numbers{1, 3, 4}));
  EXPECT_TRUE(order.complete());
  EXPECT_EQ(order.missing(), 0);
}

TEST(PresentationOrder, CountsWhatIsDamagedAndWhatNeverComes) {
  PresentationOrder order({0, 2, 4, 6}, 0);
  EXPECT_EQ(handed_out(order, {0, 1, 2, 3, 5, 6}, {2}), (Numbers{0, 6}));
  EXPECT_EQ(order.damaged(), 1);
  EXPECT_EQ(order.missing(), 1);
}

TEST(PresentationOrder, GivesAFrameUpAfterTheWindowSoThatMemoryIsBounded) {
  Numbers wanted;
  for (std::int64_t i = 0; i < 100; ++i) wanted.push_back(i);
  PresentationOrder order(wanted, 0);
  Numbers out;
  for (std::int64_t i = 1; i < 100; ++i) {
    order.put(numbered(i));
    if (order.arrived(i)) order.give_up_overtaken();
    while (std::optional<Frame> frame = order.take()) out.push_back(frame->index);
    const bool given_up = i >= PresentationOrder::kWindow;
    EXPECT_EQ(out.size(), static_cast<std::size_t>(given_up ? i : 0)) << i;
  }
  EXPECT_EQ(order.missing(), 1);
  EXPECT_TRUE(order.complete());
}

TEST(PresentationOrder, HoldsNoMoreThanTheWindowHoweverManyFramesAreMissing) {
  Numbers wanted;
  for (std::int64_t i = 0; i < 3000; ++i) wanted.push_back(i);
  PresentationOrder order(wanted, 0);
  std::int64_t put = 0;
  std::int64_t out = 0;
  for (std::int64_t i = 1000; i < 3000; ++i) {  // the first thousand never come
    order.put(numbered(i));
    if (order.arrived(i)) order.give_up_overtaken();
    ++put;
    while (order.take()) ++out;
    EXPECT_LE(put - out, PresentationOrder::kWindow);
  }
  EXPECT_EQ(order.missing(), 1000);
  EXPECT_EQ(out, 2000);
}

TEST(PresentationOrder, AFrameIsHandedOutOnceThoughItArrivesTwice) {
  PresentationOrder order({0, 1}, 0);
  EXPECT_EQ(handed_out(order, {0, 0, 1, 1}), (Numbers{0, 1}));
}

}  // namespace
}  // namespace unreel::media
