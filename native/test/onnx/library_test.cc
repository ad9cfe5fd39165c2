#include "onnx/library.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "test/support/onnx_runtime.h"

namespace unreel::onnx {
namespace {

namespace fs = std::filesystem;

/// Loads in a fresh process and prints "CODE message"; gtest reads stderr.
[[noreturn]] void load_and_exit(const std::string& path) {
  try {
    std::fprintf(stderr, "loaded %s", Library::load(path).version().c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s %s", error_info(error.code()).code, error.what());
  }
  std::_Exit(0);
}

class LibraryTest : public ::testing::Test {
 protected:
  void SetUp() override { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

using LibraryDeathTest = LibraryTest;

TEST_F(LibraryTest, LoadsOnceAndTellsItsVersionAndRealPath) {
  const Library& library = test::onnx_runtime();
  EXPECT_EQ(&library, &test::onnx_runtime());
  EXPECT_EQ(&library, Library::loaded());
  EXPECT_TRUE(fs::path(library.path()).is_absolute());
  EXPECT_TRUE(fs::equivalent(library.path(), test::onnx_runtime_path()));
  EXPECT_EQ(library.version().substr(0, 2), "1.");
}

TEST_F(LibraryTest, TakesTheFolderThatHoldsIt) {
  const fs::path folder = fs::path(test::onnx_runtime().path()).parent_path();
  EXPECT_EQ(&Library::load(folder.string()), &test::onnx_runtime());
}

TEST_F(LibraryTest, KeepsItsSymbolsFromTheRestOfTheProcess) {
  test::onnx_runtime();
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "OrtGetApiBase"), nullptr);
}

TEST_F(LibraryTest, RefusesASecondLibrary) {
  test::onnx_runtime();
  try {
    Library::load(UNREEL_OLD_RUNTIME);
    FAIL() << "loaded a second runtime";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_NE(error.message().find(test::onnx_runtime().path()), std::string::npos);
  }
}

TEST_F(LibraryTest, NamesAMissingFileAndTheMendingCommand) {
  for (const std::string path : {"no/such/libonnxruntime.so.1", "native/test/onnx"}) {
    try {
      Library::load(path);
      FAIL() << "loaded " << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::onnxruntime_not_found);
      EXPECT_NE(error.message().find(path), std::string::npos) << error.message();
      EXPECT_NE(error.message().find("libonnxruntime.so.1"), std::string::npos) << error.message();
      EXPECT_NE(error.message().find("npm install --ignore-scripts"), std::string::npos) << error.message();
      EXPECT_NE(error.message().find("UNREEL_ONNXRUNTIME"), std::string::npos) << error.message();
    }
  }
}

TEST_F(LibraryDeathTest, RefusesATooOldRuntime) {
  EXPECT_EXIT(load_and_exit(UNREEL_OLD_RUNTIME), ::testing::ExitedWithCode(0),
              "ERR_UNREEL_ONNXRUNTIME_VERSION .*1\\.20\\.1.*1\\.21 or newer");
}

TEST_F(LibraryDeathTest, RefusesAnotherLibrary) {
  EXPECT_EXIT(load_and_exit(UNREEL_OTHER_LIBRARY), ::testing::ExitedWithCode(0),
              "ERR_UNREEL_ONNXRUNTIME_NOT_FOUND .*without OrtGetApiBase");
}

TEST_F(LibraryDeathTest, SaysWhyTheLoaderRefusesAFile) {
  const std::string path = ::testing::TempDir() + "libonnxruntime.so.1";
  std::ofstream(path) << "this is text";
  EXPECT_EXIT(load_and_exit(path), ::testing::ExitedWithCode(0),
              "ERR_UNREEL_ONNXRUNTIME_NOT_FOUND .*(invalid ELF header|too short)");
}

TEST_F(LibraryDeathTest, LoadsTheRealOneInAFreshProcess) {
  EXPECT_EXIT(load_and_exit(test::onnx_runtime_path()), ::testing::ExitedWithCode(0), "^loaded 1\\.");
}

}  // namespace
}  // namespace unreel::onnx
