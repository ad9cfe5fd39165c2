#include "media/damage_trail.h"

#include <gtest/gtest.h>

namespace unreel::media {
namespace {

constexpr bool kKey = true;

UniqueAVPacket packet(std::int64_t pts, bool key = false) {
  UniqueAVPacket made = make_packet();
  made->pts = pts;
  made->flags = key ? AV_PKT_FLAG_KEY : 0;
  return made;
}

UniqueAVFrame frame(std::int64_t pts, AVPictureType type = AV_PICTURE_TYPE_P, int errors = 0) {
  UniqueAVFrame made = make_frame();
  made->pts = pts;
  made->pict_type = type;
  made->decode_error_flags = errors;
  return made;
}

TEST(DamageTrail, ARefusedPacketSpoilsEverythingUpToTheNextKeyFrame) {
  DamageTrail trail(AV_CODEC_ID_H264);
  trail.sent(*packet(0, kKey), true, nullptr);
  trail.sent(*packet(3), true, nullptr);
  trail.sent(*packet(6), false, nullptr);
  trail.sent(*packet(5), true, nullptr);  // a B-frame shown before the lost one and predicted from it
  trail.sent(*packet(9), true, nullptr);
  trail.sent(*packet(12, kKey), true, nullptr);
  trail.sent(*packet(15), true, nullptr);
  EXPECT_FALSE(trail.spoils(*frame(0)));
  EXPECT_FALSE(trail.spoils(*frame(3)));
  EXPECT_TRUE(trail.spoils(*frame(5)));
  EXPECT_TRUE(trail.spoils(*frame(9)));
  EXPECT_FALSE(trail.spoils(*frame(12)));
  EXPECT_FALSE(trail.spoils(*frame(15)));
}

TEST(DamageTrail, ConcealedErrorsSpreadFromAReferenceButNotFromABFrame) {
  for (const AVPictureType type : {AV_PICTURE_TYPE_P, AV_PICTURE_TYPE_B}) {
    DamageTrail trail(AV_CODEC_ID_HEVC);
    trail.sent(*packet(0, kKey), true, nullptr);
    trail.sent(*packet(1), true, nullptr);
    trail.sent(*packet(2), true, nullptr);
    EXPECT_FALSE(trail.spoils(*frame(0)));
    EXPECT_TRUE(trail.spoils(*frame(1, type, FF_DECODE_ERROR_CONCEALMENT_ACTIVE)));
    EXPECT_EQ(trail.spoils(*frame(2)), type == AV_PICTURE_TYPE_P);
    trail.sent(*packet(3), true, nullptr);
    EXPECT_EQ(trail.spoils(*frame(3)), type == AV_PICTURE_TYPE_P);
    trail.sent(*packet(4, kKey), true, nullptr);
    EXPECT_FALSE(trail.spoils(*frame(4)));
  }
}

TEST(DamageTrail, FramesShownBeforeTheKeyFrameThatEndsABreakMayLookBackBeyondIt) {
  DamageTrail trail(AV_CODEC_ID_H264);
  trail.sent(*packet(0, kKey), true, nullptr);
  trail.sent(*packet(1), false, nullptr);
  trail.sent(*packet(4, kKey), true, nullptr);
  trail.sent(*packet(3), true, nullptr);
  trail.sent(*packet(5), true, nullptr);
  EXPECT_TRUE(trail.spoils(*frame(3)));
  EXPECT_FALSE(trail.spoils(*frame(4)));
  EXPECT_FALSE(trail.spoils(*frame(5)));
}

TEST(DamageTrail, WhereTheIndexKnowsThePacketItSaysWhetherDamageSpreads) {
  for (const bool droppable : {false, true}) {
    DamageTrail trail(AV_CODEC_ID_H264);
    PacketRole role;
    role.droppable = droppable;
    trail.sent(*packet(0, kKey), true, nullptr);
    trail.sent(*packet(1), true, &role);
    trail.sent(*packet(2), true, nullptr);
    EXPECT_FALSE(trail.spoils(*frame(0)));
    EXPECT_TRUE(trail.spoils(*frame(1, AV_PICTURE_TYPE_B, FF_DECODE_ERROR_CONCEALMENT_ACTIVE)));
    EXPECT_EQ(trail.spoils(*frame(2)), !droppable);
    trail.sent(*packet(3), false, &role);
    trail.sent(*packet(4), true, nullptr);
    EXPECT_EQ(trail.spoils(*frame(4)), !droppable);
  }
}

TEST(DamageTrail, CodecsWithoutPredictionHaveNoTrail) {
  DamageTrail trail(AV_CODEC_ID_MJPEG);
  trail.sent(*packet(0, kKey), true, nullptr);
  trail.sent(*packet(1, kKey), false, nullptr);
  trail.sent(*packet(2, kKey), true, nullptr);
  EXPECT_FALSE(trail.spoils(*frame(0)));
  EXPECT_FALSE(trail.spoils(*frame(2)));
}

}  // namespace
}  // namespace unreel::media
