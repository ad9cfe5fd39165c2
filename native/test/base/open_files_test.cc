#include "base/open_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "test/support/folder.h"

namespace unreel {
namespace {

/// Files "0", "1", ... that each hold their name.
struct Files {
  test::TemporaryFolder folder;
  std::vector<std::string> paths;

  explicit Files(std::size_t count) {
    // As /proc names it.
    const std::filesystem::path real = std::filesystem::canonical(folder.path());
    for (std::size_t i = 0; i < count; ++i) {
      paths.push_back(real / std::to_string(i));
      std::ofstream(paths.back()) << i;
    }
  }

  /// Which of them this process has open.
  std::vector<std::size_t> open() const {
    std::vector<std::size_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code closed_meanwhile;
      const std::string target = std::filesystem::read_symlink(entry.path(), closed_meanwhile);
      const auto path = std::find(paths.begin(), paths.end(), target);
      if (path != paths.end()) found.push_back(static_cast<std::size_t>(path - paths.begin()));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

std::string content(OpenFiles& files, std::size_t file) {
  char byte = 0;
  return std::string(&byte, read_at(*files.get(file), files.path(file), 0, 1, &byte));
}

ErrorCode refusal(OpenFiles& files, std::size_t file) {
  try {
    content(files, file);
  } catch (const Error& error) {
    EXPECT_EQ(std::get<std::string>(error.details().at(0).second), files.path(file));
    return error.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return ErrorCode::internal;
}

TEST(OpenFiles, CloseTheOneThatWasAskedForLongestAgo) {
  const Files on_disk(4);
  OpenFiles files(on_disk.paths, 2);
  EXPECT_TRUE(on_disk.open().empty());
  for (const std::size_t file : {0, 1, 0, 2}) EXPECT_EQ(content(files, file), std::to_string(file));
  EXPECT_EQ(on_disk.open(), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(content(files, 1), "1");
  EXPECT_EQ(on_disk.open(), (std::vector<std::size_t>{1, 2}));
}

TEST(OpenFiles, StayOpenWhileTheyAreHeld) {
  const Files on_disk(3);
  OpenFiles files(on_disk.paths, 1);
  const auto held = files.get(0);
  files.get(1);
  files.get(2);
  EXPECT_EQ(on_disk.open(), (std::vector<std::size_t>{0, 2}));
  char byte = 0;
  EXPECT_EQ(read_at(*held, files.path(0), 0, 1, &byte), 1U);
  EXPECT_EQ(byte, '0');
}

TEST(OpenFiles, AreReadToTheirEnd) {
  const Files on_disk(1);
  std::ofstream(on_disk.paths[0]) << "0123456789";
  OpenFiles files(on_disk.paths, 1);
  std::string bytes(8, '#');
  EXPECT_EQ(read_at(*files.get(0), files.path(0), 4, 8, bytes.data()), 6U);
  EXPECT_EQ(bytes, "456789##");
  EXPECT_EQ(read_at(*files.get(0), files.path(0), 10, 8, bytes.data()), 0U);
}

TEST(OpenFiles, SayWhichFileCannotBeRead) {
  const Files on_disk(1);
  OpenFiles files({on_disk.paths[0] + ".none", on_disk.paths[0] + "/in a file", on_disk.folder.path()}, 2);
  EXPECT_EQ(refusal(files, 0), ErrorCode::not_found);
  EXPECT_EQ(refusal(files, 1), ErrorCode::not_found);
  EXPECT_EQ(refusal(files, 2), ErrorCode::io);  // a folder opens, and has no bytes
}

}  // namespace
}  // namespace unreel
