#include "media/video.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/error.h"
#include "media/clip_writer.h"
#include "test/media/plane_md5.h"
#include "test/support/assets.h"
#include "test/support/folder.h"

namespace unreel::media {
namespace {

namespace fs = std::filesystem;

ErrorCode code_of_open(const std::string& path, const Limits& limits = {}) {
  try {
    Video::open(path, limits, CancelToken());
  } catch (const Error& error) {
    EXPECT_NE(error.message().find(limits.max_pixels < 1000 ? "maxPixels" : ""), std::string::npos);
    return error.code();
  }
  ADD_FAILURE() << path << " was opened";
  return ErrorCode::internal;
}

ErrorCode code_of_sampling(const std::string& path, const Limits& limits) {
  try {
    Video::open(path, limits, CancelToken())->sample(SampleAll{}, 1, CancelToken(), [](Frame&&) { return true; });
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << path << " was sampled";
  return ErrorCode::internal;
}

void write_text(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

/// A clip of gray frames, each brighter than the one before.
void write_clip(const std::string& path, int frames, const ClipOptions& options) {
  const auto writer = ClipWriter::open(path, options);
  for (int i = 0; i < frames; ++i) {
    const std::vector<std::uint8_t> rgb(static_cast<std::size_t>(options.width * options.height) * 3,
                                        static_cast<std::uint8_t>(10 * i));
    writer->write(rgb.data());
  }
  writer->finish();
}

ClipOptions small_clip() {
  ClipOptions options;
  options.width = 64;
  options.height = 48;
  return options;
}

TEST(Video, TellsEachFaultOfAFileByItsCode) {
  const test::TemporaryFolder folder;
  fs::create_directory(folder.file("folder.mp4"));
  write_text(folder.file("empty.mp4"), "");
  std::string text;
  for (int i = 0; i < 50; ++i) text += "no video, whatever its name says\n";
  write_text(folder.file("text.mp4"), text);
  write_clip(folder.file("good.mp4"), 12, small_clip());
  fs::copy_file(folder.file("good.mp4"), folder.file("cut.mp4"));
  fs::resize_file(folder.file("cut.mp4"), fs::file_size(folder.file("cut.mp4")) / 2);

  EXPECT_EQ(code_of_open(folder.file("none.mp4")), ErrorCode::not_found);
  EXPECT_EQ(code_of_open(folder.file("good.mp4/below")), ErrorCode::not_found);
  EXPECT_EQ(code_of_open(folder.file("folder.mp4")), ErrorCode::is_a_directory);
  EXPECT_EQ(code_of_open(folder.file("empty.mp4")), ErrorCode::empty_file);
  EXPECT_EQ(code_of_open(folder.file("text.mp4")), ErrorCode::not_media);
  EXPECT_EQ(code_of_open(folder.file("cut.mp4")), ErrorCode::truncated);
  EXPECT_EQ(code_of_open("/dev/null"), ErrorCode::not_readable);
  EXPECT_EQ(code_of_open(std::string("a\0b", 3)), ErrorCode::invalid_argument);
}

TEST(Video, AnMp4WithItsTableAheadIsTruncatedWhereverItIsCut) {
  UNREEL_NEEDS_ASSET("codecs/bt709_full_range.mp4");
  const test::TemporaryFolder folder;
  const std::string whole = test::asset("codecs/nasa_13013_rotated.mp4");
  for (const double share : {0.05, 0.3, 0.6, 0.9}) {
    const std::string cut = folder.file("cut.mp4");
    fs::copy_file(whole, cut, fs::copy_options::overwrite_existing);
    fs::permissions(cut, fs::perms::owner_all);
    fs::resize_file(cut, static_cast<std::uintmax_t>(share * static_cast<double>(fs::file_size(whole))));
    EXPECT_EQ(code_of_open(cut), ErrorCode::truncated) << share;
  }
}

TEST(Video, EachLimitIsNamed) {
  const test::TemporaryFolder folder;
  write_clip(folder.file("clip.mp4"), 12, small_clip());
  Limits pixels;
  pixels.max_pixels = 64 * 48 - 1;
  EXPECT_EQ(code_of_open(folder.file("clip.mp4"), pixels), ErrorCode::limit_exceeded);
  Limits frames;
  frames.max_frames = 11;
  EXPECT_EQ(code_of_open(folder.file("clip.mp4"), frames), ErrorCode::limit_exceeded);
  Limits bytes;
  bytes.max_bytes = 100;
  EXPECT_EQ(code_of_open(folder.file("clip.mp4"), bytes), ErrorCode::limit_exceeded);
  Limits duration;
  duration.max_duration_us = 479'999;
  EXPECT_EQ(code_of_open(folder.file("clip.mp4"), duration), ErrorCode::limit_exceeded);
  Limits entries;
  entries.max_index_entries = 11;
  EXPECT_EQ(code_of_open(folder.file("clip.mp4"), entries), ErrorCode::limit_exceeded);
  Limits memory;
  memory.max_memory_bytes = 64 * 48;
  EXPECT_EQ(code_of_sampling(folder.file("clip.mp4"), memory), ErrorCode::limit_exceeded);
  Limits late;
  late.open_timeout_ms = 0;
  EXPECT_EQ(code_of_open(folder.file("clip.mp4"), late), ErrorCode::limit_exceeded);
  Limits slow;
  slow.frame_timeout_ms = 0;
  EXPECT_EQ(code_of_sampling(folder.file("clip.mp4"), slow), ErrorCode::limit_exceeded);
  Limits enough;
  enough.max_pixels = 64 * 48;
  enough.max_frames = 12;
  EXPECT_EQ(Video::open(folder.file("clip.mp4"), enough, CancelToken())->info().frame_count, 12);
}

TEST(Video, ACancelledOpenAndACancelledRunEndAborted) {
  const test::TemporaryFolder folder;
  write_clip(folder.file("clip.mp4"), 12, small_clip());
  const CancelToken cancelled;
  cancelled.cancel();
  const auto code_of = [](const auto& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(code_of([&] { Video::open(folder.file("clip.mp4"), {}, cancelled); }), ErrorCode::aborted);
  const auto video = Video::open(folder.file("clip.mp4"), {}, CancelToken());
  EXPECT_EQ(code_of([&] { video->sample(SampleAll{}, 1, cancelled, [](Frame&&) { return true; }); }),
            ErrorCode::aborted);
  int frames = 0;
  video->sample(SampleAll{}, 1, CancelToken(), [&](Frame&&) { return ++frames < 100; });
  EXPECT_EQ(frames, 12) << "a cancelled run does not spoil the next";
}

TEST(Video, CanBeSampledAgainAndLeftEarly) {
  const test::TemporaryFolder folder;
  for (const char* name : {"clip.mp4", "clip.mkv", "clip.avi"}) {
    write_clip(folder.file(name), 20, small_clip());
    const auto video = Video::open(folder.file(name), {}, CancelToken());
    EXPECT_EQ(video->info().frame_count, 20) << name;
    for (int round = 0; round < 3; ++round) {
      std::vector<std::int64_t> seen;
      video->sample(SampleFrames{{2, 11, 17}}, 1, CancelToken(), [&](Frame&& frame) {
        seen.push_back(frame.index);
        EXPECT_EQ(frame.pts_us, frame.index * 40'000) << name;
        return round != 1;
      });
      const std::vector<std::int64_t> expected =
          round == 1 ? std::vector<std::int64_t>{2} : std::vector<std::int64_t>{2, 11, 17};
      EXPECT_EQ(seen, expected) << name << " round " << round;
    }
  }
}

/// Every frame of a sampling, by its number and bytes.
std::map<std::int64_t, std::string> digests(Video& video, const SamplePolicy& policy, int threads) {
  std::map<std::int64_t, std::string> seen;
  video.sample(policy, threads, CancelToken(), [&](Frame&& frame) {
    EXPECT_TRUE(seen.empty() || seen.rbegin()->first < frame.index) << "presentation order";
    seen[frame.index] = test::plane_md5(*frame.handle());
    return true;
  });
  return seen;
}

TEST(Video, FramesDependNeitherOnThreadsNorOnWhatWasSampledBefore) {
  for (const char* name : {"codecs/nasa_13013.mp4", "codecs/h265_video.mp4", "codecs/av1_video.mkv", "faces/again.mkv",
                           "codecs/testsrc2_vp9.webm", "codecs/testsrc2_mpeg4.avi"}) {
    UNREEL_NEEDS_ASSET(name);
    const auto video = Video::open(test::asset(name), {}, CancelToken());
    const auto all = digests(*video, SampleAll{}, 1);
    const std::int64_t last = video->info().frame_count - 1;
    for (const int threads : {2, 1, 3, 4}) {
      for (const SamplePolicy& policy :
           {SamplePolicy(SampleCount{9}), SamplePolicy(SampleFrames{{last, 0, last / 2}}),
            SamplePolicy(SampleKeyframes{}), SamplePolicy(SampleAll{}), SamplePolicy(SampleFrames{{last / 3}})}) {
        const auto some = digests(*video, policy, threads);
        EXPECT_EQ(some.size(), wanted_frames(policy, video->times()).size()) << name << ", threads " << threads;
        for (const auto& [number, digest] : some) EXPECT_EQ(digest, all.at(number)) << name << " frame " << number;
      }
    }
    for (const std::int64_t fallbacks : video->stats().fallbacks) EXPECT_EQ(fallbacks, 0) << name;
  }
}

TEST(Video, WhatNoWantedFrameDependsOnIsNotDecoded) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto video = Video::open(test::asset("codecs/nasa_13013.mp4"), {}, CancelToken());
  digests(*video, SampleCount{32}, 1);
  EXPECT_EQ(video->stats().packets, 390);
  EXPECT_LT(video->stats().packets_decoded, 390);
  const std::int64_t before = video->stats().packets_decoded;
  digests(*video, SampleKeyframes{}, 1);
  EXPECT_LE(video->stats().packets_decoded - before, 10) << "a key frame is reached by one packet";
}

TEST(Video, CountsFramesWhereTheHeaderSaysNothing) {
  UNREEL_NEEDS_ASSET("faces/again.mkv");
  const auto video = Video::open(test::asset("faces/again.mkv"), {}, CancelToken());
  EXPECT_EQ(video->info().frame_count, 77);
  EXPECT_EQ(video->info().color_range, "full");
  EXPECT_EQ(video->info().codec, "h264");
  ASSERT_TRUE(video->info().duration_us.has_value());
  EXPECT_GT(*video->info().duration_us, 2'000'000);
}

TEST(Video, ChoosesTheBestOfSeveralStreams) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto video = Video::open(test::asset("codecs/nasa_13013.mp4"), {}, CancelToken());
  EXPECT_EQ(video->info().stream, 3);
  EXPECT_EQ(video->info().width, 480);
  EXPECT_EQ(video->info().height, 270);
  EXPECT_EQ(video->info().frame_count, 390);
}

TEST(Video, TellsTheSizeAsShown) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013_rotated.mp4");
  const auto video = Video::open(test::asset("codecs/nasa_13013_rotated.mp4"), {}, CancelToken());
  EXPECT_EQ(video->info().width, 270);
  EXPECT_EQ(video->info().height, 480);
  EXPECT_EQ(video->info().rotation % 180, 90);
}

TEST(Video, BrokenPacketsGiveCountedLossAndNoDamagedFrame) {
  UNREEL_NEEDS_ASSET("codecs/corrupted.mp4");
  const auto video = Video::open(test::asset("codecs/corrupted.mp4"), {}, CancelToken());
  std::int64_t good = 0;
  video->sample(SampleAll{}, 1, CancelToken(), [&](Frame&&) {
    ++good;
    return true;
  });
  const VideoStats& stats = video->stats();
  EXPECT_GT(good, 0);
  EXPECT_GT(stats.frames_damaged + stats.frames_missing, 0);
  EXPECT_EQ(good + stats.frames_damaged + stats.frames_missing, video->info().frame_count);
}

}  // namespace
}  // namespace unreel::media
