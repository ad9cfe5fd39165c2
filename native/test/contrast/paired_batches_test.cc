#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "contrast/class_batches.h"

namespace unreel::contrast {
namespace {

/// Rows of videos of groups, in a random order and with holes between them.
struct Rows {
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> videos;
  std::vector<std::uint32_t> groups;
  std::vector<std::size_t> rows;
  std::uint32_t next_video = 1000000;

  void add(std::uint32_t group, std::int32_t label, std::size_t frames) {
    for (std::size_t f = 0; f < frames; ++f) {
      for (const bool used : {false, true}) {
        if (used) rows.push_back(labels.size());
        labels.push_back(label);
        videos.push_back(next_video);
        groups.push_back(group);
      }
    }
    next_video -= 7;
  }

  ClassBatches batches(const BatchShape& shape, std::uint64_t seed = 1) const {
    return ClassBatches({labels.data(), videos.data(), groups.data()}, rows, shape, seed);
  }
  std::vector<std::size_t> of(std::int32_t label) const {
    std::vector<std::size_t> result;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(result), [&](auto row) { return labels[row] == label; });
    return result;
  }
  /// The class of more rows; fake where both have as many, as ClassBatches takes it.
  std::int32_t larger() const { return of(0).size() > of(1).size() ? 0 : 1; }
};

/// Every kind of store that random numbers make: groups with and without reals or fakes, videos of 1 to 9 rows.
Rows random_rows(Random& random) {
  Rows rows;
  const auto groups = static_cast<std::uint32_t>(1 + random.below(12));
  for (std::uint32_t g = 0; g < groups; ++g) {
    for (std::int32_t label = 0; label < 2; ++label) {
      const std::uint64_t videos = random.below(label == 0 ? 3 : 5);
      for (std::uint64_t v = 0; v < videos; ++v) rows.add(g * 31, label, 1 + random.below(9));
    }
  }
  for (std::int32_t label = 0; label < 2; ++label) {
    if (rows.of(label).empty()) rows.add(5, label, 1 + random.below(3));
  }
  random.shuffle(rows.rows);
  return rows;
}

/// 7 fakes of each of `sources` reals.
Rows celebrity_like(std::uint32_t sources, std::size_t frames) {
  Rows rows;
  for (std::uint32_t g = 0; g < sources; ++g) {
    rows.add(g, 0, frames);
    for (int fake = 0; fake < 7; ++fake) rows.add(g, 1, frames);
  }
  return rows;
}

/// How often each row came in an epoch.
std::map<std::size_t, int> counts_of(const std::vector<ClassBatches::Batch>& batches) {
  std::map<std::size_t, int> seen;
  for (const auto& batch : batches) {
    for (const std::size_t row : batch) ++seen[row];
  }
  return seen;
}

/// How many rows of the larger class meet one of the smaller class and of their group.
struct Pairing {
  std::size_t rows = 0;  ///< of the larger class
  std::size_t met = 0;   ///< of those, in a batch that holds a row of the smaller class of their group
};

Pairing pairing_of(const Rows& rows, const std::vector<ClassBatches::Batch>& batches) {
  const std::int32_t larger = rows.larger();
  Pairing pairing;
  for (const auto& batch : batches) {
    std::set<std::uint32_t> partners;
    for (const std::size_t row : batch) {
      if (rows.labels[row] != larger) partners.insert(rows.groups[row]);
    }
    for (const std::size_t row : batch) {
      if (rows.labels[row] != larger) continue;
      ++pairing.rows;
      pairing.met += partners.count(rows.groups[row]);
    }
  }
  return pairing;
}

TEST(PairedBatches, KeepEveryPromiseOnRandomStores) {
  Random random(11);
  for (int store = 0; store < 300; ++store) {
    const Rows rows = random_rows(random);
    const BatchShape shape{4 + random.below(40), 1 + random.below(5)};
    SCOPED_TRACE("store " + std::to_string(store) + ", batch " + std::to_string(shape.rows));
    ClassBatches batches = rows.batches(shape);
    const std::size_t larger = rows.of(rows.larger()).size();
    const std::size_t smaller = rows.rows.size() - larger;
    for (int epoch = 0; epoch < 3; ++epoch) {
      const auto all = batches.next_epoch();
      ASSERT_EQ(all.size(), batches.count());
      auto seen = counts_of(all);
      for (const std::size_t row : rows.of(rows.larger())) ASSERT_EQ(seen[row], 1);
      for (const auto& batch : all) {
        ASSERT_EQ(std::set<std::size_t>(batch.begin(), batch.end()).size(), batch.size());
        ASSERT_LE(batch.size(), shape.rows + (shape.rows == 4 ? 1 : 0));
        const auto greater = static_cast<std::size_t>(std::count_if(
            batch.begin(), batch.end(), [&](std::size_t row) { return rows.labels[row] == rows.larger(); }));
        ASSERT_EQ(batch.size() - greater, std::min({greater, shape.rows / 2, smaller}));
        ASSERT_GE(greater, std::min<std::size_t>(larger, 2));
      }
    }
  }
}

TEST(PairedBatches, HoldBlocksOfRowsOfOneVideo) {
  Rows rows = celebrity_like(20, 8);
  Random(2).shuffle(rows.rows);
  ClassBatches batches = rows.batches({64, 4});
  std::size_t alone = 0;
  for (const auto& batch : batches.next_epoch()) {
    std::map<std::uint32_t, std::size_t> of_video;
    for (const std::size_t row : batch) {
      if (rows.labels[row] == 1) ++of_video[rows.videos[row]];
    }
    for (const auto& [video, count] : of_video) alone += count < 4 ? 1 : 0;
  }
  EXPECT_LE(alone, 2 * batches.count());  // only a block that a cut divides
}

TEST(PairedBatches, PutEachFakeBesideTheRealOfItsSource) {
  const Rows rows = celebrity_like(40, 8);
  ClassBatches batches = rows.batches({64, 4});
  for (int epoch = 0; epoch < 3; ++epoch) {
    const Pairing pairing = pairing_of(rows, batches.next_epoch());
    EXPECT_EQ(pairing.rows, 40U * 7 * 8);
    EXPECT_EQ(pairing.met, pairing.rows);
  }
}

TEST(PairedBatches, DealEachGroupsDeckEvenly) {
  const Rows rows = celebrity_like(30, 8);
  ClassBatches batches = rows.batches({32, 4});
  std::map<std::size_t, int> seen;
  for (int epoch = 0; epoch < 6; ++epoch) {
    for (const auto& [row, count] : counts_of(batches.next_epoch())) seen[row] += count;
  }
  const auto reals = rows.of(0);
  const auto [least, most] =
      std::minmax_element(reals.begin(), reals.end(), [&](auto a, auto b) { return seen[a] < seen[b]; });
  EXPECT_GE(seen[*least], 40);  // 42 each on average
  EXPECT_LE(seen[*most], 44);
}

TEST(PairedBatches, LetRealsWithoutFakesComeAsOftenAsTheOthers) {
  Rows rows = celebrity_like(30, 8);
  for (std::uint32_t g = 100; g < 120; ++g) rows.add(g, 0, 8);
  ClassBatches batches = rows.batches({64, 4});
  double lone = 0;
  double paired = 0;
  for (int epoch = 0; epoch < 5; ++epoch) {
    const auto all = batches.next_epoch();
    const Pairing pairing = pairing_of(rows, all);
    // A block that a cut divides may have one row in a batch, which lends its only place.
    EXPECT_GE(static_cast<double>(pairing.met) / static_cast<double>(pairing.rows), 0.99);
    for (const auto& [row, count] : counts_of(all)) {
      if (rows.labels[row] == 0) (rows.groups[row] >= 100 ? lone : paired) += count;
    }
  }
  EXPECT_NEAR((lone / 20) / (paired / 30), 1, 0.1);
}

TEST(PairedBatches, LeaveEachBlockOneOfItsOwnRealsHoweverManyHaveNoFakes) {
  Rows rows = celebrity_like(4, 8);
  for (std::uint32_t g = 100; g < 120; ++g) rows.add(g, 0, 8);
  // 224 fakes in blocks of 4, 16 a batch: no cut divides a block.
  ClassBatches batches = rows.batches({32, 4});
  for (int epoch = 0; epoch < 5; ++epoch) {
    const Pairing pairing = pairing_of(rows, batches.next_epoch());
    EXPECT_EQ(pairing.met, pairing.rows);
  }
}

TEST(PairedBatches, LendNothingWhereFakesWithoutARealLeavePlacesEnough) {
  Rows rows = celebrity_like(10, 4);
  for (std::uint32_t g = 50; g < 70; ++g) rows.add(g, 1, 4);
  for (std::uint32_t g = 100; g < 102; ++g) rows.add(g, 0, 4);
  ClassBatches batches = rows.batches({32, 4});
  for (int epoch = 0; epoch < 5; ++epoch) {
    for (const auto& batch : batches.next_epoch()) {
      std::map<std::uint32_t, std::size_t> fakes, reals;
      for (const std::size_t row : batch) ++(rows.labels[row] == 1 ? fakes : reals)[rows.groups[row]];
      for (std::uint32_t g = 0; g < 10; ++g) EXPECT_GE(reals[g], std::min<std::size_t>(fakes[g], 4));
    }
  }
}

TEST(PairedBatches, LetSingleFramesMeetTheirRealsAsFarAsOthersLeavePlaces) {
  Rows rows = celebrity_like(60, 1);
  for (std::uint32_t g = 100; g < 120; ++g) rows.add(g, 0, 1);
  ClassBatches batches = rows.batches({32, 4});
  std::map<std::size_t, int> seen;
  for (int epoch = 0; epoch < 8; ++epoch) {
    const auto all = batches.next_epoch();
    for (const auto& [row, count] : counts_of(all)) seen[row] += count;
    const Pairing pairing = pairing_of(rows, all);
    EXPECT_GE(static_cast<double>(pairing.met) / static_cast<double>(pairing.rows), 0.7);
  }
  for (const std::size_t row : rows.of(0)) EXPECT_NEAR(seen[row], 42, 9);  // 8 * 420 / 80
}

TEST(PairedBatches, TakeFromAllRealsWhereAGroupHasNone) {
  Rows rows = celebrity_like(10, 4);
  for (std::uint32_t g = 50; g < 70; ++g) rows.add(g, 1, 4);
  ClassBatches batches = rows.batches({32, 4});
  const auto all = batches.next_epoch();
  const Pairing pairing = pairing_of(rows, all);
  EXPECT_EQ(pairing.rows, 10U * 28 + 80);
  EXPECT_EQ(pairing.met, 10U * 28);
}

TEST(PairedBatches, BalanceOneGroupAlone) {
  Rows rows;
  rows.add(3, 0, 5);
  for (int fake = 0; fake < 6; ++fake) rows.add(3, 1, 9);
  ClassBatches batches = rows.batches({16, 4});
  std::map<std::size_t, int> seen;
  for (int epoch = 0; epoch < 4; ++epoch) {
    for (const auto& [row, count] : counts_of(batches.next_epoch())) seen[row] += count;
  }
  for (const std::size_t row : rows.of(1)) EXPECT_EQ(seen[row], 4);
  int least = 1000;
  int most = 0;
  for (const std::size_t row : rows.of(0)) {
    least = std::min(least, seen[row]);
    most = std::max(most, seen[row]);
  }
  EXPECT_LE(most - least, 1);
}

TEST(PairedBatches, PutTheOnlyRealInEveryBatch) {
  Rows rows;
  rows.add(1, 0, 1);
  for (std::uint32_t g = 0; g < 10; ++g) rows.add(g, 1, 5);
  ClassBatches batches = rows.batches({16, 4});
  const std::size_t real = rows.of(0).front();
  for (const auto& batch : batches.next_epoch()) EXPECT_EQ(std::count(batch.begin(), batch.end(), real), 1);
}

TEST(PairedBatches, RepeatWithTheSeedAndChangeWithIt) {
  const Rows rows = celebrity_like(10, 6);
  ClassBatches first = rows.batches({32, 4}, 5);
  ClassBatches same = rows.batches({32, 4}, 5);
  ClassBatches other = rows.batches({32, 4}, 6);
  const auto epoch = first.next_epoch();
  EXPECT_EQ(epoch, same.next_epoch());
  EXPECT_NE(epoch, other.next_epoch());
  const auto second = first.next_epoch();
  EXPECT_NE(epoch, second);
  EXPECT_EQ(second, same.next_epoch());
}

/// A resumed training replays epochs; what it costs is printed, not judged.
TEST(PairedBatches, HoldAMillionRows) {
  const Rows rows = celebrity_like(31250, 4);
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  ClassBatches batches = rows.batches({256, 4});
  const auto made = Clock::now();
  std::size_t count = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (const auto& batch : batches.next_epoch()) count += batch.size();
  }
  const std::chrono::duration<double> building = made - start;
  const std::chrono::duration<double> dealing = Clock::now() - made;
  std::printf("a million rows: %.3f s to group, %.3f s an epoch\n", building.count(), dealing.count() / 3);
  EXPECT_EQ(count, 3U * 2 * 31250 * 28);
}

}  // namespace
}  // namespace unreel::contrast
