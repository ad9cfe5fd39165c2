#include "media/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "base/error.h"

namespace unreel::media {
namespace {

using Indices = std::vector<std::int64_t>;

Indices every_frame(std::int64_t total) {
  Indices all(static_cast<std::size_t>(total));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return all;
}

Indices wanted(const SampleCount& policy, const FrameTimes& times) {
  if (policy.count < 1) {
    throw Error(ErrorCode::invalid_argument, "count must be at least 1; it is " + std::to_string(policy.count) + ".");
  }
  const auto total = static_cast<std::int64_t>(times.pts_us.size());
  if (policy.count >= total) return every_frame(total);
  Indices indices;
  indices.reserve(static_cast<std::size_t>(policy.count));
  for (std::int64_t k = 0; k < policy.count; ++k) indices.push_back((2 * k + 1) * total / (2 * policy.count));
  return indices;
}

/// The instants are first + round(k * 1e6 / fps) microseconds. Walks the frames, not the instants: a rate far above the
/// video's costs no more than the video has frames. Above one instant a microsecond nothing changes any more.
Indices wanted(const SampleFps& policy, const FrameTimes& times) {
  if (!std::isfinite(policy.fps) || policy.fps <= 0) {
    throw Error(ErrorCode::invalid_argument,
                "fps must be a positive number; it is " + std::to_string(policy.fps) + ".");
  }
  const std::vector<std::int64_t>& pts = times.pts_us;
  const auto total = static_cast<std::int64_t>(pts.size());
  constexpr double kMicroseconds = 1e6;
  const double fps = std::min(policy.fps, kMicroseconds);
  const auto instant = [&](double k) { return std::round(k * kMicroseconds / fps); };
  Indices indices;
  double k = 0;
  for (std::int64_t i = 0; i < total;) {
    const auto at = static_cast<std::size_t>(i);
    const bool last = i + 1 == total;
    const auto until = last ? 0.0 : static_cast<double>(pts[at + 1] - pts[0]);
    const auto from = static_cast<double>(pts[at] - pts[0]);
    if (last ? instant(k) <= from : instant(k) < until) indices.push_back(i);
    if (last) break;
    k = std::max(k, std::floor(until * fps / kMicroseconds) - 1);
    while (instant(k) < until) ++k;
    ++i;
  }
  return indices;
}

Indices wanted(const SampleFrames& policy, const FrameTimes& times) {
  const auto total = static_cast<std::int64_t>(times.pts_us.size());
  Indices indices = policy.frames;
  for (const std::int64_t frame : indices) {
    if (frame >= 0 && frame < total) continue;
    throw Error(ErrorCode::invalid_argument, "Frame " + std::to_string(frame) +
                                                 " is not in the video: its frames are 0 to " +
                                                 std::to_string(total - 1) + ".")
        .with("frame", frame)
        .with("frameCount", total);
  }
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  return indices;
}

Indices wanted(const SampleKeyframes&, const FrameTimes& times) {
  Indices indices;
  for (std::size_t i = 0; i < times.key.size(); ++i) {
    if (times.key[i]) indices.push_back(static_cast<std::int64_t>(i));
  }
  return indices;
}

Indices wanted(const SampleAll&, const FrameTimes& times) {
  return every_frame(static_cast<std::int64_t>(times.pts_us.size()));
}

}  // namespace

std::vector<std::int64_t> wanted_frames(const SamplePolicy& policy, const FrameTimes& times) {
  const auto& pts = times.pts_us;
  const auto first = std::lower_bound(pts.begin(), pts.end(), policy.range.start_us);
  const auto last = std::max(first, std::lower_bound(pts.begin(), pts.end(), policy.range.end_us));
  const std::int64_t begin = first - pts.begin();
  const std::int64_t end = last - pts.begin();
  if (begin == 0 && last == pts.end()) {
    return std::visit([&](const auto& chosen) { return wanted(chosen, times); }, policy.choice);
  }
  if (const auto* named = std::get_if<SampleFrames>(&policy.choice)) {
    Indices indices = wanted(*named, times);
    const auto outside = [&](std::int64_t frame) { return frame < begin || frame >= end; };
    indices.erase(std::remove_if(indices.begin(), indices.end(), outside), indices.end());
    return indices;
  }
  FrameTimes within{{first, last}, {times.key.begin() + begin, times.key.begin() + end}};
  Indices indices = std::visit([&](const auto& chosen) { return wanted(chosen, within); }, policy.choice);
  for (std::int64_t& frame : indices) frame += begin;
  return indices;
}

}  // namespace unreel::media
