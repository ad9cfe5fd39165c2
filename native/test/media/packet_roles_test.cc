// What is said of packets, beside what FFmpeg skips and what its bitstream tracer reads.
#include "media/packet_roles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "media/bit_reader.h"
#include "media/demuxer.h"
#include "media/file_source.h"
#include "media/frame_index.h"
#include "media/nal_units.h"
#include "media/parameter_sets.h"
#include "test/support/ffmpeg.h"
#include "test/support/folder.h"

namespace unreel::media {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Presentation times of the frames that `ffmpeg` decodes with the options, in the stream's time base.
std::set<std::int64_t> decoded_times(const std::string& path, const std::string& options) {
  std::set<std::int64_t> times;
  const std::string text =
      test::output_of("ffmpeg -v quiet -copyts " + options + " -i '" + path +
                      "' -map 0:v:0 -vf settb=intb -enc_time_base -1 -fps_mode passthrough -f framecrc -");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (text[begin] != '#') {
      // stream, dts, pts, ...
      const std::size_t pts = text.find(',', text.find(',', begin) + 1) + 1;
      times.insert(std::atoll(text.c_str() + pts));
    }
    begin = end + 1;
  }
  return times;
}

std::size_t occurrences(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

class Encoded {
 public:
  explicit Encoded(const std::string& encoder, const std::string& name = "clip.mp4", const std::string& filter = "")
      : path_(folder_.file(name)) {
    const std::string picture = "-f lavfi -i 'testsrc2=size=160x120:rate=25:duration=3'";
    made_ = std::system(("ffmpeg -v error -y " + picture + " -pix_fmt yuv420p " + encoder + " " + filter + " '" +
                         path_ + "' >/dev/null 2>&1")
                            .c_str()) == 0;
  }

  bool made() const { return made_; }
  const std::string& path() const { return path_; }

  FrameIndex index() const {
    const Interrupt never;
    VideoStats stats;
    Demuxer demuxer(open_file_source(path_), {}, never);
    FrameIndex index = FrameIndex::read(demuxer, {}, stats);
    EXPECT_EQ(index.source(), FrameIndex::Source::packets);
    return index;
  }

 private:
  test::TemporaryFolder folder_;
  std::string path_;
  bool made_ = false;
};

struct Encoding {
  const char* name;
  const char* options;
};

class DroppablePackets : public ::testing::TestWithParam<Encoding> {};

TEST_P(DroppablePackets, AreThoseThatFfmpegSkipsAsNotReferenced) {
  if (!test::have_ffmpeg()) GTEST_SKIP() << "needs the program ffmpeg";
  const Encoded clip(GetParam().options);
  if (!clip.made()) GTEST_SKIP() << "needs an ffmpeg with this encoder: " << GetParam().options;
  const FrameIndex index = clip.index();
  std::set<std::int64_t> kept;
  for (const PacketEntry& packet : index.packets()) {
    if (!packet.role.droppable) kept.insert(packet.pts);
  }
  EXPECT_EQ(kept, decoded_times(clip.path(), "-skip_frame noref"));
  EXPECT_LT(kept.size(), index.packets().size());
}

INSTANTIATE_TEST_SUITE_P(Codecs, DroppablePackets,
                         ::testing::Values(Encoding{"H264", "-c:v libx264 -g 30"},
                                           Encoding{"H264Cavlc", "-c:v libx264 -profile:v main -bf 5 -coder vlc"},
                                           Encoding{"Hevc", "-c:v libx265 -x265-params log-level=none:keyint=30"},
                                           Encoding{"Mpeg2", "-c:v mpeg2video -bf 2 -g 12"},
                                           Encoding{"Mpeg4", "-c:v mpeg4 -bf 2 -g 12"}),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(RandomAccess, IsAnIdrPictureInH264AndNotEveryKeyPacket) {
  if (!test::have_ffmpeg()) GTEST_SKIP() << "needs the program ffmpeg";
  const Encoded clip("-c:v libx264 -g 15 -keyint_min 15 -sc_threshold 0 -x264-params open-gop=1:bframes=3");
  if (!clip.made()) GTEST_SKIP() << "needs an ffmpeg with libx264";
  const FrameIndex index = clip.index();
  const auto count = [&](auto what) { return std::count_if(index.packets().begin(), index.packets().end(), what); };
  EXPECT_EQ(count([](const PacketEntry& packet) { return packet.role.random_access; }), 1);
  EXPECT_GT(count([](const PacketEntry& packet) { return packet.key; }), 1);
}

TEST(RandomAccess, InHevcAlsoWhereAnOpenGroupBeginsAndItsLeadingPicturesAreKnown) {
  if (!test::have_ffmpeg()) GTEST_SKIP() << "needs the program ffmpeg";
  const Encoded clip(
      "-c:v libx265 -x265-params log-level=none:keyint=15:min-keyint=15:scenecut=0:open-gop=1:bframes=3");
  if (!clip.made()) GTEST_SKIP() << "needs an ffmpeg with libx265";
  const FrameIndex index = clip.index();
  std::int64_t begun = kNoTime;
  int points = 0;
  int leading = 0;
  for (const PacketEntry& packet : index.packets()) {
    if (packet.role.random_access) begun = packet.pts;
    points += packet.role.random_access ? 1 : 0;
    leading += packet.role.leading ? 1 : 0;
    EXPECT_EQ(packet.role.leading, packet.pts < begun);
  }
  EXPECT_EQ(points, 5);
  EXPECT_GT(leading, 0);
}

TEST(DroppableTemporalUnits, AreThoseWhoseOneFrameRefreshesNothing) {
  if (!test::have_ffmpeg()) GTEST_SKIP() << "needs the program ffmpeg";
  const Encoded clip("-c:v libsvtav1 -preset 10 -g 30", "clip.ivf");
  if (!clip.made()) GTEST_SKIP() << "needs an ffmpeg with libsvtav1";
  const FrameIndex index = clip.index();
  const auto droppable = std::count_if(index.packets().begin(), index.packets().end(),
                                       [](const PacketEntry& packet) { return packet.role.droppable; });
  const std::string trace = test::output_of("ffmpeg -v trace -i '" + clip.path() +
                                            "' -c copy -bsf:v trace_headers -f null - 2>&1 | grep trace_headers");
  // ffmpeg aligns the value behind the bits.
  const std::size_t nothing = occurrences(trace, "refresh_frame_flags                                  00000000 = 0");
  EXPECT_GT(droppable, 0);
  EXPECT_LE(static_cast<std::size_t>(droppable), nothing == 0 ? index.packets().size() : nothing);
}

TEST(ALostReference, SpoilsWhatFollowsUpToTheNextKeyPacket) {
  if (!test::have_ffmpeg()) GTEST_SKIP() << "needs the program ffmpeg";
  const Encoded clip("-c:v libx264 -g 25 -sc_threshold 0 -bf 0", "clip.mkv");
  if (!clip.made()) GTEST_SKIP() << "needs an ffmpeg with libx264";
  const test::TemporaryFolder folder;
  const std::string lossy = folder.file("lossy.mkv");
  ASSERT_EQ(std::system(("ffmpeg -v error -y -i '" + clip.path() + "' -c copy -bsf:v 'noise=drop=eq(n\\,35)' '" +
                         lossy + "' >/dev/null 2>&1")
                            .c_str()),
            0);
  const auto video = Video::open(lossy, {}, CancelToken());
  std::vector<std::int64_t> seen;
  video->sample(SampleAll{}, 1, CancelToken(), [&](Frame&& frame) {
    seen.push_back(frame.index);
    return true;
  });
  std::vector<std::int64_t> expected;
  for (std::int64_t i = 0; i < 74; ++i) {
    if (i < 35 || i >= 49) expected.push_back(i);  // 36 to 49 of the whole clip came after the lost 35
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(video->stats().frames_damaged, 14);
}

TEST(NalUnits, AreFoundBehindLengthsAndBehindStartCodes) {
  const Bytes by_length{0, 0, 0, 2, 0x65, 1, 0, 0, 0, 1, 0x41};
  NalUnits units(by_length.data(), by_length.size(), 4);
  NalUnit unit;
  ASSERT_TRUE(units.next(unit));
  EXPECT_EQ(unit.size, 2U);
  ASSERT_TRUE(units.next(unit));
  EXPECT_EQ(unit.data[0], 0x41);
  EXPECT_FALSE(units.next(unit));
  EXPECT_FALSE(units.broken());

  const Bytes by_code{0, 0, 0, 1, 0x65, 1, 0, 0, 1, 0x41, 2, 0, 0, 0, 1, 9};
  NalUnits coded(by_code.data(), by_code.size(), 0);
  std::vector<std::size_t> sizes;
  while (coded.next(unit)) sizes.push_back(unit.size);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 1}));

  const Bytes cut{0, 0, 0, 9, 0x65};
  NalUnits broken(cut.data(), cut.size(), 4);
  EXPECT_FALSE(broken.next(unit));
  EXPECT_TRUE(broken.broken());
}

TEST(ParameterSets, ADecoderMayBeginWhereEverySetSeenSoFarIsKnown) {
  const Bytes a{1}, b{2}, c{3};
  ParameterSets sets;
  sets.add_global(a.data(), 1);
  sets.begin_packet();
  EXPECT_TRUE(sets.complete());
  sets.add(b.data(), 1);
  EXPECT_TRUE(sets.complete()) << "the packet brings it";
  sets.begin_packet();
  EXPECT_FALSE(sets.complete()) << "a decoder that begins here has not seen it";
  sets.add(b.data(), 1);
  EXPECT_TRUE(sets.complete());
  sets.begin_packet();
  sets.add(c.data(), 1);
  EXPECT_FALSE(sets.complete()) << "the second set is missing";
}

TEST(BitReader, ReadsZerosBeyondTheEndAndSaysSo) {
  const Bytes bytes{0b10110000};
  BitReader bits(bytes.data(), bytes.size());
  EXPECT_TRUE(bits.flag());
  EXPECT_EQ(bits.bits(3), 0b011U);
  bits.skip(4);
  EXPECT_FALSE(bits.overrun());
  EXPECT_EQ(bits.bits(5), 0U);
  EXPECT_TRUE(bits.overrun());
}

}  // namespace
}  // namespace unreel::media
