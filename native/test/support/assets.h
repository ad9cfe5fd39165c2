// Where the clips and oracles of the tests lie.
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>

namespace unreel::test {

/// The path of an asset: below UNREEL_ASSETS, else below ../shared/assets seen from the repository's root.
inline std::string asset(const std::string& name) {
  const char* root = std::getenv("UNREEL_ASSETS");
  return std::string(root != nullptr ? root : "../shared/assets") + "/" + name;
}

inline bool have_asset(const std::string& name) { return std::ifstream(asset(name)).good(); }

}  // namespace unreel::test

/// Skips a test, saying which asset it lacks.
#define UNREEL_NEEDS_ASSET(name)                                                                      \
  do {                                                                                                \
    if (!::unreel::test::have_asset(name)) {                                                          \
      GTEST_SKIP() << "needs " << ::unreel::test::asset(name) << " (UNREEL_ASSETS names the folder)"; \
    }                                                                                                 \
  } while (false)
