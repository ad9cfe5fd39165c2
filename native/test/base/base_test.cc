// base/: errors, cancellation, threads, random numbers, CPU features.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <set>
#include <string>

#include "base/cancel_token.h"
#include "base/check.h"
#include "base/cpu_features.h"
#include "base/error.h"
#include "base/helping_hands.h"
#include "base/random.h"
#include "base/simd_target.h"
#include "base/team.h"
#include "base/thread.h"
#include "test/support/target_guard.h"

namespace unreel {
namespace {

TEST(Error, CarriesCodeMessageAndDetails) {
  const Error error =
      Error(ErrorCode::limit_exceeded, "too large").with("limit", "maxPixels").with("value", std::int64_t{9});
  EXPECT_STREQ(error_info(error.code()).code, "ERR_UNREEL_LIMIT_EXCEEDED");
  EXPECT_STREQ(error_info(error.code()).category, "media");
  EXPECT_STREQ(error.what(), "too large");
  ASSERT_EQ(error.details().size(), 2U);
  EXPECT_EQ(error.details()[0].first, "limit");
  EXPECT_EQ(std::get<std::string>(error.details()[0].second), "maxPixels");
  EXPECT_EQ(std::get<std::int64_t>(error.details()[1].second), 9);
}

TEST(Error, CodesAreUniqueAndCarryThePrefix) {
  const char* const kCodes[] = {
#define UNREEL_ERROR(name, code, category, retryable, doc) code,
#include "base/errors.def"
#undef UNREEL_ERROR
  };
  std::set<std::string> seen;
  for (const char* code : kCodes) {
    EXPECT_EQ(std::string(code).rfind("ERR_UNREEL_", 0), 0U) << code;
    EXPECT_TRUE(seen.insert(code).second) << code << " stands twice";
  }
}

TEST(Check, NamesThePlaceOfABrokenInvariant) {
  try {
    UNREEL_CHECK(1 + 1 == 3);
    FAIL() << "it did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::internal);
    EXPECT_NE(error.message().find("base_test.cc"), std::string::npos);
  }
}

TEST(CancelToken, CopiesShareTheFlag) {
  const CancelToken token;
  const CancelToken copy = token;
  EXPECT_NO_THROW(copy.throw_if_cancelled());
  token.cancel();
  EXPECT_THROW(copy.throw_if_cancelled(), Error);
  EXPECT_TRUE(copy.cancelled());
}

TEST(CancelToken, WatchDoesNotKeepTheFlagAlive) {
  std::weak_ptr<std::atomic<bool>> watched;
  {
    const CancelToken token;
    watched = token.watch();
    EXPECT_FALSE(watched.expired());
  }
  EXPECT_TRUE(watched.expired());
}

TEST(ParallelFor, CoversEveryIndexOnceForAnyThreadCount) {
  for (const std::size_t count : {0, 1, 2, 7, 1000}) {
    for (const int threads : {1, 2, 3, 16}) {
      std::vector<std::atomic<int>> hits(count);
      parallel_for(count, threads, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) ++hits[i];
      });
      for (const auto& hit : hits) EXPECT_EQ(hit.load(), 1);
    }
  }
}

TEST(ParallelFor, HandsOnAnExceptionAfterAllPartsEnded) {
  std::atomic<int> ended{0};
  const auto body = [&](std::size_t begin, std::size_t) {
    ++ended;
    if (begin != 0) throw Error(ErrorCode::not_finite, "row 5");
  };
  EXPECT_THROW(parallel_for(8, 4, body), Error);
  EXPECT_EQ(ended.load(), 4);
}

TEST(ParallelFor, MayBeCalledWithinItselfAndFromManyThreads) {
  std::atomic<int> calls{0};
  const auto outer = [&] {
    for (int round = 0; round < 50; ++round) {
      parallel_for(3, 3, [&](std::size_t, std::size_t) {
        parallel_for(4, 2, [&](std::size_t begin, std::size_t end) { calls += static_cast<int>(end - begin); });
      });
    }
  };
  {
    std::vector<NamedThread> callers;
    for (int i = 0; i < 8; ++i) callers.emplace_back("caller", outer);
  }
  EXPECT_EQ(calls.load(), 8 * 50 * 3 * 4);
}

/// How many of so many hands have been here before.
std::size_t known_hands(std::size_t count) {
  static thread_local int calls = 0;
  std::atomic<std::size_t> known{0};
  const std::function<void(std::size_t)> greet = [&](std::size_t) { known += calls++ > 0 ? 1 : 0; };
  {
    const HelpingHands hands(count);
    for (std::size_t hand = 0; hand < count; ++hand) hands.give(hand, greet, hand);
  }
  return known;
}

TEST(HelpingHands, AsManyAsThereAreCoresWaitForTheNextCall) {
  const auto cores = static_cast<std::size_t>(available_cores());
  known_hands(cores + 3);
  EXPECT_EQ(known_hands(cores + 3), cores);
}

TEST(Team, MeetsBetweenStepsAndSharesTheWork) {
  for (const int threads : {1, 2, 5}) {
    constexpr std::size_t kItems = 1000;
    std::vector<int> first(kItems);
    std::vector<int> second(kItems);
    run_team(threads, [&](TeamMember& member) {
      EXPECT_EQ(member.count(), static_cast<std::size_t>(threads));
      for (std::size_t i = member.begin(kItems); i < member.end(kItems); ++i) first[i] = static_cast<int>(i);
      member.meet();
      // Each reads what others wrote.
      for (std::size_t i = member.begin(kItems); i < member.end(kItems); ++i) second[i] = first[kItems - 1 - i];
      member.meet();
    });
    for (std::size_t i = 0; i < kItems; ++i) EXPECT_EQ(second[i], static_cast<int>(kItems - 1 - i));
  }
}

TEST(Team, MeetsAgainAndAgain) {
  std::atomic<int> wrong{0};
  std::vector<std::atomic<int>> rounds(3);
  run_team(3, [&](TeamMember& member) {
    for (int round = 1; round <= 300; ++round) {
      rounds[member.index()] = round;
      member.meet();
      for (const auto& each : rounds) wrong += each == round ? 0 : 1;
      member.meet();
    }
  });
  EXPECT_EQ(wrong, 0);
}

// The first outputs of xoshiro256** whose state splitmix64 fills from seed 42, by an independent Python program.
TEST(Random, IsXoshiro256StarStarSeededBySplitmix64) {
  Random random(42);
  EXPECT_EQ(random.next(), 1546998764402558742ULL);
  EXPECT_EQ(random.next(), 6990951692964543102ULL);
  EXPECT_EQ(random.next(), 12544586762248559009ULL);
}

TEST(Random, BelowStaysBelowAndReachesEveryValue) {
  Random random(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = random.below(7);
    ASSERT_LT(value, 7U);
    seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 7U);
}

TEST(Random, ShuffleKeepsTheItems) {
  std::vector<int> items(100);
  for (int i = 0; i < 100; ++i) items[i] = i;
  std::vector<int> shuffled = items;
  Random(3).shuffle(shuffled);
  EXPECT_NE(shuffled, items);
  EXPECT_EQ(std::set<int>(shuffled.begin(), shuffled.end()).size(), 100U);
}

TEST(CpuFeatures, NamesCoresAndVectors) {
  const CpuFeatures& features = cpu_features();
  EXPECT_GE(features.cores, 1);
  EXPECT_FALSE(features.vectors.empty());
}

TEST(SimdTarget, IsTheBestUnlessAnotherIsNamed) {
  const test::TargetGuard guard;
  const std::vector<std::string> targets = simd_targets();
  ASSERT_GE(targets.size(), 2U);
  EXPECT_EQ(targets.back(), kScalarTarget);
  set_simd_target("");
  EXPECT_EQ(simd_target(), targets.front());
  for (const std::string& target : targets) {
    set_simd_target(target);
    EXPECT_EQ(simd_target(), target);
  }
  set_simd_target("scalar");
  EXPECT_EQ(simd_target(), kScalarTarget);
  EXPECT_EQ(simd_targets(), targets);
}

TEST(SimdTarget, RefusesANameThatTheCpuDoesNotHave) {
  const test::TargetGuard guard;
  try {
    set_simd_target("AVX9");
    FAIL() << "it did not throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    for (const std::string& target : simd_targets()) {
      EXPECT_NE(error.message().find(target), std::string::npos) << error.message();
    }
  }
}

}  // namespace
}  // namespace unreel
