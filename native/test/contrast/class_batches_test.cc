#include "contrast/class_batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace unreel::contrast {
namespace {

/// Every second row and later ones of `reals` and `fakes` rows, so that indices are not positions.
struct Rows {
  std::vector<std::int32_t> labels;
  std::vector<std::size_t> rows;

  Rows(std::size_t reals, std::size_t fakes) : labels(2 * (reals + fakes), -1) {
    for (std::size_t i = 0; i < reals + fakes; ++i) {
      rows.push_back(2 * i + 1);
      labels[2 * i + 1] = i < reals ? 0 : 1;
    }
  }

  ClassBatches batches(std::size_t batch, std::uint64_t seed = 1) const {
    return ClassBatches({labels.data()}, rows, {batch, 1}, seed);
  }
  std::size_t count(const ClassBatches::Batch& batch, std::int32_t label) const {
    return static_cast<std::size_t>(
        std::count_if(batch.begin(), batch.end(), [&](std::size_t row) { return labels[row] == label; }));
  }
};

const std::vector<std::pair<std::size_t, std::size_t>> kSizes = {{8, 8}, {8, 9},   {10, 3}, {1, 7},   {3, 2},
                                                                 {1, 1}, {100, 1}, {5, 64}, {37, 37}, {250, 90}};

TEST(ClassBatches, HaveEachRowOfTheLargerClassOnceAnEpoch) {
  for (const auto& [reals, fakes] : kSizes) {
    for (const std::size_t batch : {4U, 5U, 16U, 256U}) {
      const Rows rows(reals, fakes);
      ClassBatches batches = rows.batches(batch);
      const std::int32_t larger = reals > fakes ? 0 : 1;
      for (int epoch = 0; epoch < 3; ++epoch) {
        std::map<std::size_t, int> seen;
        for (const auto& each : batches.next_epoch()) {
          for (const std::size_t row : each) ++seen[row];
        }
        for (const std::size_t row : rows.rows) {
          const int expected = rows.labels[row] == larger ? 1 : seen[row];
          EXPECT_EQ(seen[row], expected) << reals << " reals, " << fakes << " fakes, " << batch;
        }
      }
    }
  }
}

TEST(ClassBatches, AreBalancedAndHoldNoRowTwice) {
  for (const auto& [reals, fakes] : kSizes) {
    for (const std::size_t size : {4U, 5U, 16U, 256U}) {
      const Rows rows(reals, fakes);
      ClassBatches batches = rows.batches(size);
      for (int epoch = 0; epoch < 3; ++epoch) {
        const auto all = batches.next_epoch();
        EXPECT_EQ(all.size(), batches.count());
        for (const auto& batch : all) {
          EXPECT_EQ(std::set<std::size_t>(batch.begin(), batch.end()).size(), batch.size());
          EXPECT_LE(batch.size(), size + (size == 4 ? 1 : 0));
          const std::size_t greater = std::max(rows.count(batch, 0), rows.count(batch, 1));
          const std::size_t lesser = std::min(rows.count(batch, 0), rows.count(batch, 1));
          EXPECT_EQ(lesser, std::min({greater, size / 2, std::min(reals, fakes)}));
          EXPECT_GE(greater, std::min<std::size_t>(std::max(reals, fakes), 2)) << reals << " and " << fakes;
        }
      }
    }
  }
}

TEST(ClassBatches, DealTheSmallerClassEvenly) {
  const Rows rows(7, 100);
  ClassBatches batches = rows.batches(8);
  std::map<std::size_t, int> seen;
  for (int epoch = 0; epoch < 5; ++epoch) {
    for (const auto& batch : batches.next_epoch()) {
      for (const std::size_t row : batch) {
        if (rows.labels[row] == 0) ++seen[row];
      }
      const auto [least, most] = std::minmax_element(seen.begin(), seen.end(),
                                                     [](const auto& a, const auto& b) { return a.second < b.second; });
      EXPECT_LE(most->second - least->second, 1);
      EXPECT_TRUE(seen.size() == 7 || most->second == 1);
    }
  }
  EXPECT_EQ(seen.size(), 7U);
}

TEST(ClassBatches, AreCutNearlyEqually) {
  const Rows rows(129, 129);
  ClassBatches batches = rows.batches(256);
  const auto epoch = batches.next_epoch();
  ASSERT_EQ(epoch.size(), 2U);
  EXPECT_EQ(epoch[0].size() + epoch[1].size(), 258U);
  EXPECT_LE(epoch[1].size() - epoch[0].size(), 2U);
}

TEST(ClassBatches, AreShuffledAnewEachEpochAndRepeatWithTheSeed) {
  const Rows rows(40, 30);
  ClassBatches first = rows.batches(16, 5);
  ClassBatches same = rows.batches(16, 5);
  ClassBatches other = rows.batches(16, 6);
  const auto epoch = first.next_epoch();
  EXPECT_EQ(epoch, same.next_epoch());
  EXPECT_NE(epoch, other.next_epoch());
  const auto second = first.next_epoch();
  EXPECT_NE(epoch, second);
  EXPECT_EQ(second, same.next_epoch());
}

}  // namespace
}  // namespace unreel::contrast
