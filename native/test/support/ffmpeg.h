// FFmpeg's program, the reference of the media tests.
#pragma once

#include <stdio.h>

#include <cstdlib>
#include <string>

namespace unreel::test {

inline bool have_ffmpeg() { return std::system("ffmpeg -version >/dev/null 2>&1") == 0; }

/// What a shell command writes to stdout.
inline std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  char buffer[4096];
  while (pipe != nullptr && fgets(buffer, sizeof buffer, pipe) != nullptr) text += buffer;
  if (pipe != nullptr) pclose(pipe);
  return text;
}

}  // namespace unreel::test
