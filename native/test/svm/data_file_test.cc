#include "svm/data_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <thread>

#include "base/error.h"
#include "base/random.h"
#include "reference.h"

namespace unreel::svm {
namespace {

using test::TempFolder;
using test::write_text;

LabelledRows read(const std::string& path, std::optional<std::size_t> dims = std::nullopt) {
  return read_data_file(path, dims, CancelToken());
}

LabelledRows read_text(const std::string& text, std::optional<std::size_t> dims = std::nullopt) {
  const TempFolder folder;
  write_text(folder.file("data.txt"), text);
  return read(folder.file("data.txt"), dims);
}

TEST(DataFile, ReadsLabelsAndSparseRows) {
  const LabelledRows data = read_text("+1 1:0.5 3:-1e-3 \n-1\n1\t2:.25\n0 1:+2. 2:1E2 3:1e-400\n");
  EXPECT_EQ(data.rows, 4U);
  EXPECT_EQ(data.dims, 3U);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{1, 0, 1, 0}));
  EXPECT_EQ(data.x, (std::vector<double>{0.5, 0, -1e-3, 0, 0, 0, 0, 0.25, 0, 2, 100, 0}));
}

TEST(DataFile, TakesLinesOfWindows) {
  const LabelledRows data = read_text("1 1:0.5\r\n0 2:2\r\n");
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(data.x, (std::vector<double>{0.5, 0, 0, 2}));
}

TEST(DataFile, TakesMoreDimensionsThanTheFileNames) {
  EXPECT_EQ(read_text("1 1:0.5\n0\n", 3).x, (std::vector<double>{0.5, 0, 0, 0, 0, 0}));
  EXPECT_EQ(read_text("1\n0\n", 1).x, (std::vector<double>{0, 0}));
}

TEST(DataFile, ReadsRowsAcrossTheBuffersEdges) {
  const TempFolder folder;
  Random random(7);
  std::vector<double> x;
  std::vector<std::int32_t> labels;
  {
    std::ofstream file(folder.file("data.txt"));
    for (int row = 0; row < 1500; ++row) {
      labels.push_back(static_cast<std::int32_t>(random.below(2)));
      file << labels.back();
      for (int k = 0; k < 100; ++k) {
        x.push_back(random.below(4) == 0 ? 0.0
                                         : std::ldexp(random.uniform() - 0.5, static_cast<int>(random.below(80)) - 40));
        char text[40];
        std::snprintf(text, sizeof text, " %d:%.17g", k + 1, x.back());
        if (x.back() != 0) file << text;
      }
      file << '\n';
    }
  }
  ASSERT_GT(std::filesystem::file_size(folder.file("data.txt")), 2U << 20);
  const LabelledRows data = read(folder.file("data.txt"), 100);
  EXPECT_EQ(data.x, x);
  EXPECT_EQ(data.labels, labels);
}

struct Damage {
  std::string name;
  std::string text;
  std::int64_t line;
  std::string expected;  ///< part of the message
};

TEST(DataFile, NamesTheLineAndWhatWasExpectedThere) {
  const std::vector<Damage> cases = {
      {"empty", "", 1, "at least one row"},
      {"no features", "1\n0\n", 3, "at least one feature"},
      {"empty line", "1 1:1\n\n0 1:1\n", 2, "a label"},
      {"foreign label", "1 1:1\n2 1:1\n", 2, "1 or +1 (fake), 0 or -1 (real)"},
      {"label as a decimal", "1.0 1:1\n", 1, "a label"},
      {"several labels", "1,0 1:1\n", 1, "a label"},
      {"no label", "1:1 2:2\n", 1, "a label"},
      {"comma", "1 1:0,5\n", 1, "under the C locale"},
      {"NaN", "1 1:nan\n", 1, "decimal number with a point"},
      {"infinite", "1 1:inf\n", 1, "decimal number with a point"},
      {"too large", "1 1:1e999\n", 1, "within the range of a double"},
      {"hexadecimal", "1 1:0x10\n", 1, "decimal number with a point"},
      {"no value", "1 1:\n", 1, "a value"},
      {"no colon", "1 0.5\n", 1, "index:value"},
      {"index 0", "1 0:0.5\n", 1, "an index greater than 0"},
      {"negative index", "1 -1:0.5\n", 1, "whole index"},
      {"query id", "1 qid:3 1:0.5\n", 1, "whole index"},
      {"repeated index", "1 2:1 2:1\n", 1, "an index greater than 2"},
      {"falling indices", "0 1:1\n1 2:1 1:1\n", 2, "an index greater than 2"},
      {"absurd index", "1 65537:1\n", 1, "an index of at most 65536"},
      {"comment", "1 1:1 # a row\n", 1, "index:value"},
      {"carriage return inside", "1 1:1\r 2:1\n", 1, "decimal number with a point"},
      {"cut", "1 1:1\n0 1:0.12", 2, "copy it again"},
      {"binary", std::string("\0\1\2\n", 4), 1, "a label"},
  };
  const TempFolder folder;
  const std::string path = folder.file("damaged.txt");
  for (const Damage& damage : cases) {
    write_text(path, damage.text);
    try {
      read(path);
      ADD_FAILURE() << damage.name << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::svm_data_invalid) << damage.name;
      EXPECT_NE(error.message().find(damage.expected), std::string::npos) << damage.name << ": " << error.message();
      EXPECT_NE(error.message().find(path), std::string::npos) << damage.name;
      ASSERT_EQ(error.details().size(), 2U) << damage.name;
      EXPECT_EQ(std::get<std::int64_t>(error.details()[1].second), damage.line)
          << damage.name << ": " << error.message();
    }
  }
}

ErrorCode code_of(const std::string& path, std::optional<std::size_t> dims = std::nullopt,
                  const CancelToken& cancel = CancelToken()) {
  try {
    read_data_file(path, dims, cancel);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(DataFile, RefusesAnIndexAboveTheDimensionsThatWereGiven) {
  const TempFolder folder;
  write_text(folder.file("data.txt"), "1 1:1 4:1\n");
  EXPECT_EQ(code_of(folder.file("data.txt"), 3), ErrorCode::svm_data_invalid);
  EXPECT_EQ(code_of(folder.file("data.txt"), 0), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of(folder.file("data.txt"), 65537), ErrorCode::invalid_argument);
}

TEST(DataFile, TellsMissingFilesFromFoldersAndPipes) {
  const TempFolder folder;
  EXPECT_EQ(code_of(folder.file("absent.txt")), ErrorCode::not_found);
  EXPECT_EQ(code_of(folder.path().string()), ErrorCode::is_a_directory);
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  std::thread writer([&] { write_text(folder.file("pipe"), "1 1:1\n0 1:2\n"); });
  EXPECT_EQ(code_of(folder.file("pipe")), ErrorCode::not_readable);
  writer.join();
}

TEST(DataFile, AFewBytesDoNotAskForGigabytes) {
  const TempFolder folder;
  std::string hollow = "1 65536:1\n";
  for (int i = 1; i < 16384; ++i) hollow += "0\n";
  write_text(folder.file("hollow.txt"), hollow);
  EXPECT_EQ(code_of(folder.file("hollow.txt")), ErrorCode::limit_exceeded);
  EXPECT_EQ(read_text("1 65536:1\n").x.size(), 65536U);
}

TEST(DataFile, ALineWithoutAnEndIsNotReadIntoMemory) {
  const TempFolder folder;
  write_text(folder.file("endless.txt"), std::string((std::size_t{1} << 26) + (1 << 22), '1'));
  try {
    read(folder.file("endless.txt"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("a line of at most 67108864 bytes"), std::string::npos) << error.message();
  }
}

TEST(DataFile, CanBeAborted) {
  const TempFolder folder;
  std::string rows;
  for (int i = 0; i < 1000; ++i) rows += "1 1:1\n";
  write_text(folder.file("data.txt"), rows);
  const CancelToken cancel;
  cancel.cancel();
  EXPECT_EQ(code_of(folder.file("data.txt"), std::nullopt, cancel), ErrorCode::aborted);
}

}  // namespace
}  // namespace unreel::svm
