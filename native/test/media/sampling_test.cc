#include "media/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"

namespace unreel::media {
namespace {

using Indices = std::vector<std::int64_t>;

FrameTimes every(std::int64_t step_us, std::size_t frames, std::int64_t first_us = 0) {
  FrameTimes times;
  for (std::size_t i = 0; i < frames; ++i) {
    times.pts_us.push_back(first_us + static_cast<std::int64_t>(i) * step_us);
    times.key.push_back(i % 4 == 0);
  }
  return times;
}

TEST(Sampling, ARangeIsHalfOpenAndTheChoiceIsMadeWithinIt) {
  const FrameTimes times = every(40'000, 100);
  EXPECT_EQ(wanted_frames({SampleAll{}, {80'000, 200'000}}, times), (Indices{2, 3, 4}));
  EXPECT_EQ(wanted_frames({SampleCount{2}, {400'000, 800'000}}, times), (Indices{12, 17}));
  EXPECT_EQ(wanted_frames({SampleFps{5}, {90'000, 600'000}}, times), (Indices{3, 8, 13}));
  EXPECT_EQ(wanted_frames({SampleFrames{{1, 50, 99}}, {40'000, 2'000'001}}, times), (Indices{1, 50}));
  EXPECT_EQ(wanted_frames({SampleKeyframes{}, {100'000, 400'000}}, times), (Indices{4, 8}));
  EXPECT_EQ(wanted_frames({SampleCount{3}, {5'000'000, 6'000'000}}, times), Indices{});
  EXPECT_EQ(wanted_frames({SampleAll{}, {500'000, 100'000}}, times), Indices{});
}

TEST(Sampling, CountTakesTheMiddleOfEqualShares) {
  EXPECT_EQ(wanted_frames(SampleCount{4}, every(40'000, 100)), (Indices{12, 37, 62, 87}));
  EXPECT_EQ(wanted_frames(SampleCount{1}, every(40'000, 5)), (Indices{2}));
  for (std::int64_t total = 1; total < 60; ++total) {
    for (std::int64_t count = 1; count <= total; ++count) {
      const Indices wanted = wanted_frames(SampleCount{count}, every(40'000, static_cast<std::size_t>(total)));
      ASSERT_EQ(wanted.size(), static_cast<std::size_t>(count));
      for (std::int64_t k = 0; k < count; ++k) {
        const double exact = (static_cast<double>(k) + 0.5) * static_cast<double>(total) / static_cast<double>(count);
        EXPECT_EQ(wanted[static_cast<std::size_t>(k)], static_cast<std::int64_t>(std::floor(exact)))
            << total << " " << count;
      }
    }
  }
}

TEST(Sampling, ACountAboveTheFrameCountGivesEveryFrameOnce) {
  EXPECT_EQ(wanted_frames(SampleCount{1000}, every(40'000, 3)), (Indices{0, 1, 2}));
}

TEST(Sampling, FpsTakesTheFrameShownAtEachInstant) {
  EXPECT_EQ(wanted_frames(SampleFps{5}, every(100'000, 7)), (Indices{0, 2, 4, 6}));
  EXPECT_EQ(wanted_frames(SampleFps{1000}, every(100'000, 3)), (Indices{0, 1, 2}));
  EXPECT_EQ(wanted_frames(SampleFps{0.001}, every(100'000, 3)), (Indices{0}));
}

/// The definition, instant by instant.
Indices fps_by_definition(double fps, const FrameTimes& times) {
  Indices wanted;
  for (double k = 0;; ++k) {
    const double at = static_cast<double>(times.pts_us[0]) + std::round(k * 1e6 / fps);
    if (at > static_cast<double>(times.pts_us.back())) break;
    std::int64_t shown = 0;
    while (shown + 1 < static_cast<std::int64_t>(times.pts_us.size()) &&
           static_cast<double>(times.pts_us[static_cast<std::size_t>(shown + 1)]) <= at) {
      ++shown;
    }
    if (wanted.empty() || wanted.back() != shown) wanted.push_back(shown);
  }
  return wanted;
}

TEST(Sampling, FpsAgreesWithItsDefinitionOnRandomTimes) {
  Random random(7);
  for (int round = 0; round < 500; ++round) {
    FrameTimes times;
    std::int64_t pts = static_cast<std::int64_t>(random.below(2'000'000)) - 1'000'000;
    for (std::uint64_t i = 0, n = 1 + random.below(40); i < n; ++i) {
      times.pts_us.push_back(pts);
      times.key.push_back(false);
      pts += static_cast<std::int64_t>(random.below(200'000));
    }
    const double fps = 0.3 + random.uniform() * 60;
    EXPECT_EQ(wanted_frames(SampleFps{fps}, times), fps_by_definition(fps, times))
        << "fps " << fps << " round " << round;
  }
}

TEST(Sampling, FramesAreSortedAndUniqueAndKeyframesAreTheMarkedOnes) {
  EXPECT_EQ(wanted_frames(SampleFrames{{5, 1, 5, 0}}, every(40'000, 6)), (Indices{0, 1, 5}));
  EXPECT_EQ(wanted_frames(SampleKeyframes{}, every(40'000, 10)), (Indices{0, 4, 8}));
  EXPECT_EQ(wanted_frames(SampleAll{}, every(40'000, 3)), (Indices{0, 1, 2}));
}

TEST(Sampling, RefusesWhatTheVideoDoesNotHave) {
  const auto refused = [](const SamplePolicy& policy) {
    try {
      wanted_frames(policy, every(40'000, 10));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      return error.message();
    }
    return std::string("nothing was thrown");
  };
  EXPECT_NE(refused(SampleFrames{{3, 10}}).find("0 to 9"), std::string::npos);
  EXPECT_NE(refused(SampleFrames{{-1}}).find("-1"), std::string::npos);
  EXPECT_NE(refused(SampleCount{0}).find("count"), std::string::npos);
  EXPECT_NE(refused(SampleFps{0}).find("fps"), std::string::npos);
  EXPECT_NE(refused(SampleFps{std::numeric_limits<double>::quiet_NaN()}).find("fps"), std::string::npos);
}

}  // namespace
}  // namespace unreel::media
