// Decoded planes against FFmpeg's: every frame of every clip, by MD5, beside `ffmpeg -f framemd5` of the system.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "media/video.h"
#include "test/media/plane_md5.h"
#include "test/support/assets.h"
#include "test/support/ffmpeg.h"

namespace unreel::media {
namespace {

namespace fs = std::filesystem;

/// FFmpeg's MD5 of each frame's planes, in order.
std::vector<std::string> reference(const std::string& path, int stream) {
  const std::string text =
      test::output_of("ffmpeg -v quiet -noautorotate -i '" + path + "' -map 0:" + std::to_string(stream) +
                      " -vsync passthrough -f framemd5 - 2>/dev/null");
  std::vector<std::string> sums;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (!line.empty() && line[0] != '#') sums.push_back(line.substr(line.find_last_of(' ') + 1));
    begin = end + 1;
  }
  return sums;
}

std::vector<std::string> clips() {
  std::vector<std::string> names;
  for (const char* folder : {"codecs", "faces"}) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(test::asset(folder), none)) {
      const std::string name = entry.path().filename().string();
      const std::string ending = entry.path().extension().string();
      if (ending == ".json" || ending == ".rgb") continue;
      names.push_back(std::string(folder) + "/" + name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

class FrameMd5 : public ::testing::TestWithParam<std::string> {};

TEST_P(FrameMd5, EveryFrameHasTheBytesOfFfmpeg) {
  if (!test::have_ffmpeg()) GTEST_SKIP() << "needs the program ffmpeg";
  const auto video = Video::open(test::asset(GetParam()), {}, CancelToken());
  const std::vector<std::string> expected = reference(test::asset(GetParam()), video->info().stream);
  ASSERT_FALSE(expected.empty());
  std::map<std::int64_t, std::string> ours;
  video->sample(SampleAll{}, 1, CancelToken(), [&](Frame&& frame) {
    ours[frame.index] = test::plane_md5(*frame.handle());
    return true;
  });
  const VideoStats& stats = video->stats();
  const auto lost = stats.frames_damaged + stats.frames_missing;
  if (lost == 0) {
    std::vector<std::string> sums;
    for (const auto& [index, sum] : ours) sums.push_back(sum);
    EXPECT_EQ(sums, expected);
    return;
  }
  // A damaged file: what we hand out is among what FFmpeg shows, in its order; the rest was counted.
  auto from = expected.begin();
  for (const auto& [index, sum] : ours) {
    from = std::find(from, expected.end(), sum);
    ASSERT_NE(from, expected.end()) << "frame " << index << " is not FFmpeg's";
    ++from;
  }
  EXPECT_EQ(static_cast<std::int64_t>(ours.size()) + lost, video->info().frame_count);
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Assets, FrameMd5, ::testing::ValuesIn(clips()), test_name);

/// Without assets there is no instance above; this test says so by name.
TEST(FrameMd5Assets, AreThere) { UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4"); }

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FrameMd5);

}  // namespace
}  // namespace unreel::media
