#include "media/spooled_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <limits>
#include <thread>

#include "base/error.h"
#include "base/random.h"

namespace unreel::media {
namespace {

namespace fs = std::filesystem;

/// Byte `offset` of the input of these tests.
std::uint8_t byte_at(std::int64_t offset) {
  return static_cast<std::uint8_t>((static_cast<std::uint64_t>(offset) * 2654435761U) >> 13);
}

std::vector<std::uint8_t> bytes_of(std::int64_t begin, std::int64_t end) {
  std::vector<std::uint8_t> bytes;
  for (std::int64_t at = begin; at < end; ++at) bytes.push_back(byte_at(at));
  return bytes;
}

void put(SpooledSource& source, std::int64_t begin, std::int64_t end) {
  const std::vector<std::uint8_t> bytes = bytes_of(begin, end);
  source.put(begin, bytes.data(), bytes.size());
}

std::vector<std::uint8_t> read(ByteSource& source, std::int64_t offset, std::size_t count,
                               const Interrupt& interrupt = {}) {
  std::vector<std::uint8_t> bytes(count);
  bytes.resize(source.read(offset, bytes.data(), count, interrupt));
  return bytes;
}

template <class Call>
ErrorCode code_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::internal;
}

/// Open files without a name in the temporary folder.
int spool_files() {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (target.find(" (deleted)") != std::string::npos && target.find(fs::temp_directory_path().string()) == 0) ++count;
  }
  return count;
}

TEST(ByteRanges, AreTheSetThatABitmapIs) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    ByteRanges ranges;
    std::vector<bool> there(64);
    for (int step = 0; step < 12; ++step) {
      const auto begin = static_cast<std::int64_t>(random.below(60));
      const std::int64_t end = begin + static_cast<std::int64_t>(random.below(64 - static_cast<std::uint64_t>(begin)));
      ranges.add(begin, end);
      std::fill(there.begin() + begin, there.begin() + end, true);
      ASSERT_EQ(ranges.total(), std::count(there.begin(), there.end(), true));
      for (std::int64_t from = 0; from < 64; ++from) {
        ASSERT_EQ(ranges.first_missing(from), std::find(there.begin() + from, there.end(), false) - there.begin());
        const auto present = std::find(there.begin() + from, there.end(), true);
        if (present != there.end())
          ASSERT_EQ(ranges.first_present(from), present - there.begin());
        else
          ASSERT_GT(ranges.first_present(from), 64);
      }
    }
  }
}

TEST(SpooledSource, GivesBytesBackThatCameInAnyOrderAndOverlap) {
  SpooledSource source("the stream", {});
  source.set_size(1000);
  put(source, 600, 1000);
  put(source, 0, 100);
  put(source, 50, 700);
  EXPECT_EQ(read(source, 0, 2000), bytes_of(0, 1000));
  EXPECT_EQ(read(source, 990, 20), bytes_of(990, 1000));
  EXPECT_TRUE(read(source, 1000, 20).empty());
  EXPECT_EQ(source.size(), 1000);
}

TEST(SpooledSource, KeepsTheFirstBytesOfAPlace) {
  SpooledSource source("the stream", {});
  put(source, 10, 20);
  const std::vector<std::uint8_t> others(30, 7);
  source.put(0, others.data(), others.size());
  EXPECT_EQ(read(source, 10, 10), bytes_of(10, 20));
  EXPECT_EQ(read(source, 9, 1)[0], 7);
}

TEST(SpooledSource, MovesToAFileWithoutANameThatGoesWhenItIsClosed) {
  const int before = spool_files();
  const auto source = std::make_shared<SpooledSource>("the stream", Limits{});
  const std::int64_t far = 5LL << 30;
  source->set_size(far + 100);
  put(*source, 0, 5000);
  EXPECT_EQ(spool_files(), before);
  put(*source, far, far + 100);
  EXPECT_EQ(spool_files(), before + 1);
  EXPECT_EQ(read(*source, 0, 5000), bytes_of(0, 5000));
  EXPECT_EQ(read(*source, far, 200), bytes_of(far, far + 100));
  readers_end(source).reset();
  EXPECT_EQ(spool_files(), before);
  EXPECT_EQ(code_of([&] { read(*source, 0, 1); }), ErrorCode::aborted);
}

TEST(SpooledSource, AReaderWaitsForItsBytesAndTheProducerIsAskedForThem) {
  SpooledSource source("the stream", {});
  put(source, 0, 100);
  auto reader = std::async(std::launch::async, [&] { return read(source, 50'000'000, 10); });
  // Read-ahead may be wanted first; then the reader's place.
  for (std::optional<std::int64_t> offset = 0; offset != 50'000'000;) {
    std::promise<std::optional<std::int64_t>> answer;
    source.next_wanted([&](std::optional<std::int64_t> wanted) { answer.set_value(wanted); });
    offset = answer.get_future().get();
    ASSERT_TRUE(offset == 100 || offset == 50'000'000);
    if (offset == 100) std::this_thread::yield();
  }
  put(source, 50'000'000, 50'000'010);
  EXPECT_EQ(reader.get(), bytes_of(50'000'000, 50'000'010));
}

TEST(SpooledSource, AsksForNoMoreThanTheReadAheadUntilSomebodyReads) {
  SpooledSource source("the stream", {});
  std::optional<std::int64_t> wanted;
  int answers = 0;
  const auto ask = [&] {
    source.next_wanted([&](std::optional<std::int64_t> offset) {
      wanted = offset;
      ++answers;
    });
  };
  constexpr std::int64_t kChunk = 1 << 20;
  std::int64_t at = 0;
  for (ask(); answers == at / kChunk + 1; ask()) {
    ASSERT_EQ(wanted, at);
    const std::vector<std::uint8_t> bytes(kChunk);
    source.put(at, bytes.data(), bytes.size());
    at += kChunk;
  }
  EXPECT_EQ(at, SpooledSource::kReadAhead);
  read(source, 0, 100);
  EXPECT_EQ(answers, at / kChunk + 1) << "a byte that was read makes room for one more";
  EXPECT_EQ(wanted, at);
}

TEST(SpooledSource, IsDoneWhenEveryByteIsThere) {
  SpooledSource source("the stream", {});
  bool done = false;
  std::optional<std::int64_t> wanted = -1;
  source.when_done([&] { done = true; });
  put(source, 0, 100);
  EXPECT_FALSE(done);
  source.set_size(100);
  EXPECT_TRUE(done);
  source.next_wanted([&](std::optional<std::int64_t> offset) { wanted = offset; });
  EXPECT_EQ(wanted, std::nullopt);
  source.fail(std::make_exception_ptr(Error(ErrorCode::io, "too late")));
  EXPECT_EQ(read(source, 0, 100), bytes_of(0, 100));
}

TEST(SpooledSource, AWaitEndsWithTheReadersToken) {
  Limits patient;
  patient.idle_timeout_ms = std::numeric_limits<std::int64_t>::max();
  SpooledSource source("the stream", patient);
  const CancelToken cancel;
  auto reader = std::async(std::launch::async, [&] { return code_of([&] { read(source, 0, 1, Interrupt(cancel)); }); });
  cancel.cancel();
  EXPECT_EQ(reader.get(), ErrorCode::aborted);
  put(source, 0, 1);
  EXPECT_EQ(read(source, 0, 1), bytes_of(0, 1)) << "other readers go on";
}

TEST(SpooledSource, AWaitEndsWithAFailureAndBytesThatCameCanBeReadEvenSo) {
  SpooledSource source("the stream", {});
  put(source, 0, 10);
  auto reader = std::async(std::launch::async, [&] { return code_of([&] { read(source, 10, 1); }); });
  source.fail(std::make_exception_ptr(Error(ErrorCode::network, "the cable")));
  EXPECT_EQ(reader.get(), ErrorCode::network);
  EXPECT_EQ(read(source, 0, 100), bytes_of(0, 10));
  EXPECT_EQ(code_of([&] { read(source, 10, 1); }), ErrorCode::network);
}

TEST(SpooledSource, AWaitEndsWhenItIsClosed) {
  const auto source = std::make_shared<SpooledSource>("the stream", Limits{});
  auto reader = std::async(std::launch::async, [&] { return code_of([&] { read(*source, 0, 1); }); });
  source->close();
  EXPECT_EQ(reader.get(), ErrorCode::aborted);
}

TEST(SpooledSource, EachLimitIsNamed) {
  const auto limit_of = [](const Limits& limits, const auto& use) {
    SpooledSource source("the stream", limits);
    try {
      use(source);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::limit_exceeded);
      EXPECT_EQ(code_of([&] { read(source, 1'000'000, 1); }), ErrorCode::limit_exceeded) << "readers learn of it";
      return std::get<std::string>(error.details()[0].second);
    }
    return std::string();
  };
  Limits bytes;
  bytes.max_bytes = 100;
  EXPECT_EQ(limit_of(bytes, [](auto& source) { put(source, 0, 101); }), "maxBytes");
  EXPECT_EQ(limit_of(bytes, [](auto& source) { source.set_size(101); }), "maxBytes");
  Limits spool;
  spool.max_spool_bytes = 100;
  EXPECT_EQ(limit_of(spool,
                     [](auto& source) {
                       put(source, 0, 60);
                       put(source, 20, 100);
                       put(source, 100, 101);
                     }),
            "maxSpoolBytes");
  Limits idle;
  idle.idle_timeout_ms = 1;
  EXPECT_EQ(limit_of(idle, [](auto& source) { read(source, 0, 1); }), "idleTimeoutMs");
}

TEST(SpooledSource, NothingAtAllIsAnEmptyFile) {
  SpooledSource source("the stream", {});
  EXPECT_EQ(code_of([&] { source.set_size(0); }), ErrorCode::empty_file);
  EXPECT_EQ(code_of([&] { read(source, 0, 1); }), ErrorCode::empty_file);
}

TEST(SpooledSource, AFolderThatTakesNoFileIsAnErrorThatNamesIt) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/proc/no/such/folder", 1);
  SpooledSource source("the stream", {});
  try {
    put(source, SpoolStore::kMemoryBytes, SpoolStore::kMemoryBytes + 1);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(error.message().find("TMPDIR"), std::string::npos);
  }
  if (before == nullptr)
    unsetenv("TMPDIR");
  else
    setenv("TMPDIR", kept.c_str(), 1);
}

TEST(SpooledSource, ManyReadersAndAProducerThatFollowsThem) {
  SpooledSource source("the stream", {});
  constexpr std::int64_t kSize = 20 << 20;
  constexpr std::int64_t kChunk = 100'000;
  const std::vector<std::uint8_t> whole = bytes_of(0, kSize);
  source.set_size(kSize);
  std::thread producer([&] {
    for (;;) {
      std::promise<std::optional<std::int64_t>> answer;
      source.next_wanted([&](std::optional<std::int64_t> wanted) { answer.set_value(wanted); });
      const std::optional<std::int64_t> offset = answer.get_future().get();
      if (!offset) return;
      source.put(*offset, whole.data() + *offset, static_cast<std::size_t>(std::min(kChunk, kSize - *offset)));
    }
  });
  const auto reader = [&](std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 300; ++i) {
      const auto offset = static_cast<std::int64_t>(random.below(kSize));
      const std::vector<std::uint8_t> got = read(source, offset, 3000);
      if (!std::equal(got.begin(), got.end(), whole.begin() + offset)) return false;
    }
    return true;
  };
  std::vector<std::future<bool>> readers;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) readers.push_back(std::async(std::launch::async, reader, seed));
  for (auto& each : readers) EXPECT_TRUE(each.get());
  source.close();
  producer.join();
}

}  // namespace
}  // namespace unreel::media
