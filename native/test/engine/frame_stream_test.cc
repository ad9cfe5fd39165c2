#include "engine/frame_stream.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <future>

#include "engine/picture.h"
#include "image/color.h"
#include "media/file_source.h"
#include "test/support/assets.h"

namespace unreel::engine {
namespace {

struct Delivered {
  std::optional<RgbFrame> frame;
  std::exception_ptr error;
};

Delivered next_of(FrameStream& stream) {
  std::promise<Delivered> promise;
  stream.next(
      [&](std::optional<RgbFrame> frame, std::exception_ptr error) { promise.set_value({std::move(frame), error}); });
  return promise.get_future().get();
}

std::shared_ptr<SharedVideo> open_shared(const std::string& path) {
  auto shared = std::make_shared<SharedVideo>();
  shared->source = [path] { return media::open_file_source(path); };
  shared->video = media::Video::open(path, shared->limits, CancelToken());
  return shared;
}

TEST(FrameStream, GivesTheFramesOfADirectSampling) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const std::string path = test::asset("codecs/bt709_full_range.mp4");
  std::vector<std::vector<std::uint8_t>> expected;
  const auto video = media::Video::open(path, {}, CancelToken());
  video->sample(media::SampleCount{5}, 1, CancelToken(), [&](media::Frame&& frame) {
    const image::Picture picture = picture_of(frame);
    expected.emplace_back(static_cast<std::size_t>(picture.width) * picture.height * 3);
    image::to_rgb(picture, expected.back().data());
    return true;
  });
  ASSERT_EQ(expected.size(), 5U);
  FrameStream stream(open_shared(path), media::SampleCount{5}, 1, {}, CancelToken());
  for (const auto& pixels : expected) {
    const Delivered delivered = next_of(stream);
    ASSERT_TRUE(delivered.frame.has_value());
    EXPECT_TRUE(std::ranges::equal(delivered.frame->data, pixels));
  }
  const Delivered end = next_of(stream);
  EXPECT_FALSE(end.frame.has_value());
  EXPECT_EQ(end.error, nullptr);
}

TEST(FrameStream, TwoSamplingsOfOneVideoDoNotDisturbEachOther) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto shared = open_shared(test::asset("codecs/bt709_full_range.mp4"));
  FrameStream first(shared, media::SampleAll{}, 1, {224}, CancelToken());
  FrameStream second(shared, media::SampleAll{}, 1, {224}, CancelToken());
  for (int i = 0; i < 3; ++i) {
    const Delivered a = next_of(first);
    const Delivered b = next_of(second);
    ASSERT_TRUE(a.frame && b.frame);
    EXPECT_EQ(a.frame->frame, i);
    EXPECT_TRUE(std::ranges::equal(a.frame->data, b.frame->data));
    EXPECT_EQ(a.frame->width, 224);
  }
}

TEST(FrameStream, StopAnswersAWaitingReaderAndEndsTheThread) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  FrameStream stream(open_shared(test::asset("codecs/nasa_13013.mp4")), media::SampleAll{}, 1, {}, CancelToken());
  ASSERT_TRUE(next_of(stream).frame.has_value());
  stream.stop();
  stream.stop();
  EXPECT_FALSE(next_of(stream).frame.has_value());
}

TEST(FrameStream, MayBeStoppedByTwoThreadsAtOnce) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto shared = open_shared(test::asset("codecs/nasa_13013.mp4"));
  for (int round = 0; round < 20; ++round) {
    FrameStream stream(shared, media::SampleAll{}, 1, {}, CancelToken());
    const NamedThread first("stop", [&] { stream.stop(); });
    const NamedThread second("stop", [&] { stream.stop(); });
  }
}

TEST(FrameStream, HandsOnTheErrorOnce) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto shared = std::make_shared<SharedVideo>();
  shared->source = [] { return media::open_file_source("/no/such/file.mp4"); };
  FrameStream stream(shared, media::SampleAll{}, 1, {}, CancelToken());
  EXPECT_THROW(std::rethrow_exception(next_of(stream).error), Error);
  EXPECT_EQ(next_of(stream).error, nullptr);
}

}  // namespace
}  // namespace unreel::engine
