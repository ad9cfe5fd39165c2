// Which frames of a video are wanted: a pure function over presentation times.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace unreel::media {

struct SampleCount { std::int64_t count = 0; };                ///< N frames spread evenly: index floor((k + 0.5) F / N)
struct SampleFps { double fps = 0; };                          ///< the frame shown at each multiple of 1/fps from the first pts on
struct SampleFrames { std::vector<std::int64_t> frames; };     ///< these indices in presentation order
struct SampleKeyframes {};                                     ///< the frames the container marks as key (approximate in time)
struct SampleAll {};

using SamplePolicy = std::variant<SampleCount, SampleFps, SampleFrames, SampleKeyframes, SampleAll>;

/// Presentation times and key flags of a whole video, in presentation order.
struct FrameTimes {
  std::vector<std::int64_t> pts_us;
  std::vector<bool> key;
};

/**
 * The wanted frame indices, ascending and without duplicates. `count` larger than the frame count gives every frame once.
 * Throws limit_exceeded/invalid_argument: a frame index outside [0, F) is invalid_argument and names the valid range.
 */
std::vector<std::int64_t> wanted_frames(const SamplePolicy& policy, const FrameTimes& times);

}  // namespace unreel::media
