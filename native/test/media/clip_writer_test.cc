#include "media/clip_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "media/video.h"
#include "test/support/folder.h"

namespace unreel::media {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

/// A picture that moves with `frame`: smooth, so that lossy codecs keep it.
Bytes picture(const ClipOptions& options, int frame) {
  Bytes rgb;
  for (int y = 0; y < options.height; ++y) {
    for (int x = 0; x < options.width; ++x) {
      rgb.push_back(static_cast<std::uint8_t>(60 + 2 * x + frame));
      rgb.push_back(static_cast<std::uint8_t>(60 + 2 * y));
      rgb.push_back(static_cast<std::uint8_t>(128));
    }
  }
  return rgb;
}

ClipOptions options_of(const std::string& codec) {
  ClipOptions options;
  options.codec = codec;
  options.width = 64;
  options.height = 48;
  options.fps_numerator = 30'000;
  options.fps_denominator = 1'001;
  options.gop = 4;
  return options;
}

void write_clip(const std::string& path, const ClipOptions& options, int frames) {
  const auto writer = ClipWriter::open(path, options);
  for (int i = 0; i < frames; ++i) writer->write(picture(options, i).data());
  writer->finish();
}

Bytes bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

TEST(ClipWriter, WhatIsWrittenIsReadBack) {
  const test::TemporaryFolder folder;
  for (const auto& [name, codec] :
       {std::pair{"a.mp4", "mpeg4"}, std::pair{"b.mkv", "mpeg4"}, std::pair{"c.avi", "mpeg4"},
        std::pair{"d.avi", "mjpeg"}, std::pair{"e.mkv", "ffv1"}, std::pair{"f.mp4", "mjpeg"}}) {
    const ClipOptions options = options_of(codec);
    write_clip(folder.file(name), options, 10);
    const auto video = Video::open(folder.file(name), {}, CancelToken());
    EXPECT_EQ(video->info().frame_count, 10) << name;
    EXPECT_EQ(video->info().codec, codec) << name;
    EXPECT_EQ(video->info().width, 64) << name;
    std::int64_t frames = 0;
    video->sample(SampleAll{}, 1, CancelToken(), [&](Frame&& frame) {
      EXPECT_EQ(frame.index, frames) << name;
      const double expected_us = static_cast<double>(frames) * 1'001'000 / 30;
      EXPECT_NEAR(static_cast<double>(frame.pts_us), expected_us, 1000) << name;
      ++frames;
      return true;
    });
    EXPECT_EQ(frames, 10) << name;
  }
}

TEST(ClipWriter, Ffv1KeepsEveryByteOfRgb) {
  const test::TemporaryFolder folder;
  ClipOptions options = options_of("ffv1");
  options.width = 33;
  options.height = 17;
  write_clip(folder.file("odd.mkv"), options, 3);
  Video::open(folder.file("odd.mkv"), {}, CancelToken())->sample(SampleAll{}, 1, CancelToken(), [&](Frame&& frame) {
    const FrameView view = frame.view();
    const Bytes expected = picture(options, static_cast<int>(frame.index));
    EXPECT_TRUE(view.layout.is_rgb);
    for (int y = 0; y < options.height; ++y) {
      for (int x = 0; x < options.width; ++x) {
        for (std::size_t c = 0; c < 3; ++c) {
          const Component& component = view.layout.components[c];
          const auto plane = static_cast<std::size_t>(component.plane);
          const std::uint8_t value =
              view.planes[plane][y * view.strides[plane] + x * component.step + component.offset];
          EXPECT_EQ(value, expected[static_cast<std::size_t>(y * options.width + x) * 3 + c]);
        }
      }
    }
    return true;
  });
}

TEST(ClipWriter, TheSameFramesGiveTheSameBytes) {
  const test::TemporaryFolder folder;
  for (const char* name : {"x.mp4", "x.mkv", "x.avi"}) {
    const std::string other = std::string("other-") + name;
    write_clip(folder.file(name), options_of("mpeg4"), 9);
    write_clip(folder.file(other), options_of("mpeg4"), 9);
    EXPECT_EQ(bytes_of(folder.file(name)), bytes_of(folder.file(other))) << name;
  }
}

TEST(ClipWriter, AnUnfinishedClipLeavesNothing) {
  const test::TemporaryFolder folder;
  {
    const auto writer = ClipWriter::open(folder.file("clip.mp4"), options_of("mpeg4"));
    writer->write(picture(options_of("mpeg4"), 0).data());
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(ClipWriter, RefusesWhatCannotBeWritten) {
  const test::TemporaryFolder folder;
  const auto code_of = [&](const std::string& name, const ClipOptions& options) {
    try {
      ClipWriter::open(folder.file(name), options);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::internal;
  };
  ClipOptions odd = options_of("mpeg4");
  odd.width = 63;
  EXPECT_EQ(code_of("a.mp4", odd), ErrorCode::invalid_argument);
  ClipOptions rate = options_of("mpeg4");
  rate.fps_numerator = 1'000'000'007;  // MPEG-4 has 16 bits for it
  EXPECT_EQ(code_of("a.mp4", rate), ErrorCode::invalid_argument);
  ClipOptions quality = options_of("mpeg4");
  quality.quality = 32;
  EXPECT_EQ(code_of("a.mp4", quality), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("a.mp4", options_of("h264")), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("a.mp4", options_of("ffv1")), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("a.webm", options_of("mpeg4")), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of("no/such/folder/a.mp4", options_of("mpeg4")), ErrorCode::output_not_writable);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace unreel::media
