#include "contrast/rows.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/half.h"
#include "base/random.h"
#include "contrast/shard_rows.h"
#include "test/support/folder.h"

namespace unreel::contrast {
namespace {

constexpr std::size_t kDims = 7;

/// Value of a component, exact as a half for up to 16 rows.
float value_of(std::size_t shard, std::size_t row, std::size_t column) {
  return static_cast<float>(shard % 16 * 128 + row * 8 + column);
}

/// Writes `header` bytes, then the rows of a shard.
Shard write_shard(const test::TemporaryFolder& folder, std::size_t shard, std::size_t rows, ElementType type,
                  std::size_t header = 128) {
  const std::string path = folder.file(std::to_string(shard) + ".npy");
  std::ofstream file(path, std::ios::binary);
  file << std::string(header, '#');
  for (std::size_t i = 0; i < rows * kDims; ++i) {
    const float value = value_of(shard, i / kDims, i % kDims);
    const std::uint16_t half = float_to_half(value);
    if (type == ElementType::float32) {
      file.write(reinterpret_cast<const char*>(&value), sizeof(value));
    } else {
      file.write(reinterpret_cast<const char*>(&half), sizeof(half));
    }
  }
  return {path, header, rows, type};
}

std::vector<float> gathered(const RowSource& source, const std::vector<std::size_t>& rows) {
  std::vector<float> out(rows.size() * source.dims());
  source.gather(rows.data(), rows.size(), out.data());
  return out;
}

template <class Body>
Error error_of(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorCode::internal, "nothing was thrown");
}

std::string path_in(const Error& error) {
  for (const auto& [name, value] : error.details()) {
    if (name == "path") return std::get<std::string>(value);
  }
  return "";
}

TEST(MemoryRows, AreGatheredInTheOrderAskedFor) {
  const std::vector<float> x = {0, 1, 10, 11, 20, 21};
  EXPECT_EQ(gathered(MemoryRows(x.data(), 3, 2), {2, 0, 2}), (std::vector<float>{20, 21, 0, 1, 20, 21}));
}

TEST(MemoryRows, RefuseWhatIsNotFinite) {
  std::vector<float> x(12, 1.0F);
  const MemoryRows rows(x.data(), 4, 3);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    x[3 * 2 + 1] = bad;
    EXPECT_EQ(gathered(rows, {0, 1, 3}).size(), 9U);
    const Error error = error_of([&] { gathered(rows, {0, 2}); });
    EXPECT_EQ(error.code(), ErrorCode::not_finite);
    EXPECT_EQ(std::get<std::int64_t>(error.details()[0].second), 2);
    EXPECT_EQ(std::get<std::int64_t>(error.details()[1].second), 1);
  }
}

/// Shards of both types and unlike headers, and their rows in a random order.
struct Store {
  test::TemporaryFolder folder;
  std::vector<Shard> shards;
  std::vector<RowPlace> places;

  explicit Store(std::size_t count, std::size_t rows = 9) {
    for (std::size_t s = 0; s < count; ++s) {
      shards.push_back(write_shard(folder, s, rows, s % 3 == 1 ? ElementType::float32 : ElementType::float16,
                                   s % 2 == 0 ? 128 : 80));
      for (std::size_t r = 0; r < rows; ++r) {
        places.push_back({static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(r)});
      }
    }
    Random random(7);
    random.shuffle(places);
  }

  void expect(const std::vector<std::size_t>& rows, const std::vector<float>& values) const {
    for (std::size_t i = 0; i < rows.size() * kDims; ++i) {
      const RowPlace place = places[rows[i / kDims]];
      ASSERT_EQ(values[i], value_of(place.shard, place.row, i % kDims));
    }
  }
};

TEST(ShardRows, AreThoseOfTheFilesWhateverTheOrder) {
  const Store store(5);
  const ShardRows rows(store.shards, kDims, store.places);
  ASSERT_EQ(rows.rows(), 45U);
  Random random(3);
  for (const std::size_t count : {1U, 2U, 45U, 200U}) {
    std::vector<std::size_t> wanted(count);
    for (std::size_t& each : wanted) each = random.below(rows.rows());
    store.expect(wanted, gathered(rows, wanted));
  }
}

TEST(ShardRows, ReadRunsLongerThanOneRead) {
  const test::TemporaryFolder folder;
  const std::size_t count = 60000;  // 1.6 MB of float32
  std::vector<Shard> shards = {write_shard(folder, 0, count, ElementType::float32)};
  std::vector<RowPlace> places(count);
  std::vector<std::size_t> all(count);
  for (std::size_t r = 0; r < count; ++r) {
    places[r].row = static_cast<std::uint32_t>(r);
    all[r] = count - 1 - r;
  }
  const std::vector<float> x = gathered(ShardRows(shards, kDims, places), all);
  for (std::size_t r = 0; r < count; ++r) ASSERT_EQ(x[r * kDims], value_of(0, count - 1 - r, 0));
}

TEST(ShardRows, OpenFewOfManyFilesFromManyThreads) {
  const Store store(300, 2);
  const ShardRows rows(store.shards, kDims, store.places);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      Random random(static_cast<std::uint64_t>(t));
      for (int round = 0; round < 20; ++round) {
        std::vector<std::size_t> wanted(100);
        for (std::size_t& each : wanted) each = random.below(rows.rows());
        store.expect(wanted, gathered(rows, wanted));
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

TEST(ShardRows, SayWhichFileIsMissingUnreadableOrCutWhileItIsRead) {
  const Store store(2);
  const ShardRows rows(store.shards, kDims, {{0, 8}, {1, 8}, {0, 7}});
  EXPECT_EQ(gathered(rows, {0}).size(), kDims);
  ASSERT_EQ(truncate(store.shards[0].path.c_str(), 128 + 8 * kDims * 2 + 3), 0);
  const Error cut = error_of([&] { gathered(rows, {0, 2}); });
  EXPECT_EQ(cut.code(), ErrorCode::store_corrupt) << cut.message();
  EXPECT_EQ(path_in(cut), store.shards[0].path);
  EXPECT_NE(cut.message().find("it ends in row 8 of 9"), std::string::npos) << cut.message();
  ASSERT_EQ(unlink(store.shards[1].path.c_str()), 0);
  const Error missing = error_of([&] { gathered(rows, {1}); });
  EXPECT_EQ(missing.code(), ErrorCode::store_corrupt) << missing.message();
  EXPECT_EQ(path_in(missing), store.shards[1].path);
  // A link to itself is there, and cannot be opened.
  std::filesystem::create_symlink(store.shards[1].path, store.shards[1].path);
  const Error unreadable = error_of([&] { gathered(rows, {1}); });
  EXPECT_EQ(unreadable.code(), ErrorCode::io) << unreadable.message();
  EXPECT_EQ(path_in(unreadable), store.shards[1].path);
}

TEST(ShardRows, NameTheRowThatIsNotFinite) {
  const Store store(1);
  {
    std::fstream file(store.shards[0].path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(128 + (5 * kDims + 2) * 2);
    const std::uint16_t infinity = 0xfc00;
    file.write(reinterpret_cast<const char*>(&infinity), sizeof(infinity));
  }
  const ShardRows rows(store.shards, kDims, {{0, 1}, {0, 5}});
  const Error error = error_of([&] { gathered(rows, {0, 1}); });
  EXPECT_EQ(error.code(), ErrorCode::not_finite);
  EXPECT_EQ(std::get<std::int64_t>(error.details()[0].second), 1);
  EXPECT_EQ(std::get<std::int64_t>(error.details()[1].second), 2);
}

TEST(ShardRows, RefuseAPlaceOutsideItsShard) {
  const Store store(1);
  EXPECT_EQ(error_of([&] { ShardRows(store.shards, kDims, {{0, 9}}); }).code(), ErrorCode::internal);
  EXPECT_EQ(error_of([&] { ShardRows(store.shards, kDims, {{1, 0}}); }).code(), ErrorCode::internal);
}

}  // namespace
}  // namespace unreel::contrast
