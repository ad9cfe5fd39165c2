#include "media/orientation.h"

#include <gtest/gtest.h>

#include <array>

extern "C" {
#include <libavutil/display.h>
}

namespace unreel::media {
namespace {

using Matrix = std::array<std::int32_t, 9>;

/// libav's own matrix for a turn by `degrees` clockwise.
Matrix turned(double degrees) {
  Matrix matrix{};
  av_display_rotation_set(matrix.data(), degrees);
  return matrix;
}

TEST(Orientation, QuarterTurnsAreCountedClockwise) {
  for (int turns = 0; turns < 4; ++turns) {
    const Orientation orientation = orientation_of_matrix(turned(90.0 * turns).data());
    EXPECT_EQ(orientation.quarter_turns, turns);
    EXPECT_FALSE(orientation.flipped);
  }
}

TEST(Orientation, OtherAnglesCountAsTheNearestQuarterTurn) {
  EXPECT_EQ(orientation_of_matrix(turned(3).data()).quarter_turns, 0);
  EXPECT_EQ(orientation_of_matrix(turned(-3).data()).quarter_turns, 0);
  EXPECT_EQ(orientation_of_matrix(turned(87).data()).quarter_turns, 1);
  EXPECT_EQ(orientation_of_matrix(turned(300).data()).quarter_turns, 3);
}

TEST(Orientation, AMirroredPictureIsFlippedBeforeItIsTurned) {
  Matrix mirrored = turned(0);
  av_display_matrix_flip(mirrored.data(), 1, 0);
  EXPECT_TRUE(orientation_of_matrix(mirrored.data()).flipped);
  EXPECT_EQ(orientation_of_matrix(mirrored.data()).quarter_turns, 0);

  Matrix upside_down = turned(0);
  av_display_matrix_flip(upside_down.data(), 0, 1);  // a vertical flip is a horizontal one and half a turn
  EXPECT_TRUE(orientation_of_matrix(upside_down.data()).flipped);
  EXPECT_EQ(orientation_of_matrix(upside_down.data()).quarter_turns, 2);
}

}  // namespace
}  // namespace unreel::media
