// Which frames of a video are wanted: a pure function over presentation times.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace unreel::media {

/// N frames spread evenly: of F frames the k-th is number floor((k + 0.5) F / N).
struct SampleCount {
  std::int64_t count = 0;
};

/// The frame shown at each instant t = first pts + k / fps, k = 0, 1, ... while t <= last pts. The frame shown at t is
/// the last one with pts <= t; t is rounded to whole microseconds as pts are.
struct SampleFps {
  double fps = 0;
};

/// These numbers in presentation order, in any order.
struct SampleFrames {
  std::vector<std::int64_t> frames;
};

/// The frames that the container marks as key: approximate in time.
struct SampleKeyframes {};

struct SampleAll {};

/// Frames with start_us <= pts < end_us, by default all.
struct TimeRange {
  std::int64_t start_us = INT64_MIN;
  std::int64_t end_us = INT64_MAX;
};

/// Which frames, and from which part of the video: a count or a rate is applied to the frames in the range.
struct SamplePolicy {
  using Choice = std::variant<SampleCount, SampleFps, SampleFrames, SampleKeyframes, SampleAll>;

  template <class T, class = std::enable_if_t<std::is_constructible_v<Choice, T>>>
  SamplePolicy(T chosen, TimeRange within = {}) : choice(std::move(chosen)), range(within) {}  // NOLINT: implicit

  Choice choice;
  TimeRange range;
};

/// Presentation times and key flags of a whole video, in presentation order.
struct FrameTimes {
  std::vector<std::int64_t> pts_us;
  std::vector<bool> key;
};

/**
 * The wanted frame indices, ascending and without duplicates. `count` larger than the frame count gives every frame
 * once. A range without frames gives none; frames that are named and lie outside the range are left out. `times.pts_us`
 * must not descend. Throws invalid_argument: a count below 1, a rate that is not a positive number, or a frame index
 * outside [0, F), whose message names the valid range.
 */
std::vector<std::int64_t> wanted_frames(const SamplePolicy& policy, const FrameTimes& times);

}  // namespace unreel::media
