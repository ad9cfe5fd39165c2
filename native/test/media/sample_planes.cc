// sample_planes FILE POLICY...: opens FILE once and samples it by one policy after the other, as a user may. Prints a
// JSON line about the file, then one for each policy: the frames handed out, each with the MD5 of its planes as
// `ffmpeg -f framemd5` takes it. An error is a JSON line {"error": {"code", "message"}}. For test/media/random-streams.
//
// POLICY: all | keyframes | count:8 | fps:2.5 | frames:3,9,40
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "media/video.h"
#include "test/media/plane_md5.h"

namespace unreel::media {
namespace {

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return json + '"';
}

std::string list(const std::vector<std::int64_t>& numbers) {
  std::string json = "[";
  for (const std::int64_t number : numbers) json += (json.size() > 1 ? "," : "") + std::to_string(number);
  return json + "]";
}

std::string failure(const Error& error) {
  return "{\"code\":" + quoted(error_info(error.code()).code) + ",\"message\":" + quoted(error.message()) + "}";
}

Error bad_policy(const std::string& text) {
  return Error(ErrorCode::invalid_argument, "no policy: " + text + " (all, keyframes, count:N, fps:X, frames:A,B,...)");
}

SamplePolicy policy_of(const std::string& text) {
  if (text == "all") return SampleAll{};
  if (text == "keyframes") return SampleKeyframes{};
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) throw bad_policy(text);
  const std::string kind = text.substr(0, colon);
  const std::string value = text.substr(colon + 1);
  if (kind == "count") return SampleCount{std::atoll(value.c_str())};
  if (kind == "fps") return SampleFps{std::atof(value.c_str())};
  if (kind != "frames") throw bad_policy(text);
  SampleFrames frames;
  for (std::size_t begin = 0; begin < value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    frames.frames.push_back(std::atoll(value.substr(begin, end - begin).c_str()));
    begin = end + 1;
  }
  return frames;
}

/// What one run cost: `after` less `before`. A new field of VideoStats gets its line here.
std::string cost(const VideoStats& before, const VideoStats& after) {
  const auto field = [](const char* name, std::int64_t from, std::int64_t to) {
    return quoted(name) + ":" + std::to_string(to - from);
  };
  const auto fallbacks = [&](const char* name, FallbackReason reason) {
    const auto at = static_cast<std::size_t>(reason);
    return field(name, before.fallbacks[at], after.fallbacks[at]);
  };
  return "{" + field("packetsRead", before.packets_read, after.packets_read) + "," +
         field("packetsDecoded", before.packets_decoded, after.packets_decoded) + "," +
         field("framesDamaged", before.frames_damaged, after.frames_damaged) + "," +
         field("framesMissing", before.frames_missing, after.frames_missing) + ",\"fallbacks\":{" +
         fallbacks("packetsChanged", FallbackReason::packets_changed) + "," +
         fallbacks("frameMissing", FallbackReason::frame_missing) + "," +
         fallbacks("frameDamaged", FallbackReason::frame_damaged) + "}}";
}

void print_info(const Video& video) {
  const VideoInfo& info = video.info();
  printf("{\"frameCount\":%" PRId64 ",\"codec\":%s,\"stream\":%d,\"container\":%s,\"pixelFormat\":%s,\"stats\":%s,",
         info.frame_count, quoted(info.codec).c_str(), info.stream, quoted(info.container).c_str(),
         quoted(info.pixel_format).c_str(), cost({}, video.stats()).c_str());
  printf("\"ptsUs\":%s}\n", list(video.times().pts_us).c_str());
}

void sample(Video& video, const std::string& text, int threads) {
  const VideoStats before = video.stats();
  std::string frames;
  std::string wanted = "[]";
  std::string error;
  try {
    const SamplePolicy policy = policy_of(text);
    wanted = list(wanted_frames(policy, video.times()));
    video.sample(policy, threads, CancelToken(), [&](Frame&& frame) {
      frames += (frames.empty() ? "" : ",");
      frames += "{\"frame\":" + std::to_string(frame.index) + ",\"ptsUs\":" + std::to_string(frame.pts_us) +
                ",\"md5\":\"" + test::plane_md5(*frame.handle()) + "\"}";
      return true;
    });
  } catch (const Error& thrown) {
    error = ",\"error\":" + failure(thrown);
  }
  printf("{\"policy\":%s,\"wanted\":%s,\"frames\":[%s],\"stats\":%s%s}\n", quoted(text).c_str(), wanted.c_str(),
         frames.c_str(), cost(before, video.stats()).c_str(), error.c_str());
}

int run(const std::string& path, const std::vector<std::string>& policies) {
  try {
    const std::unique_ptr<Video> video = Video::open(path, {}, CancelToken());
    print_info(*video);
    // Frames must not depend on the number of threads: the policies take turns.
    int threads = 1;
    for (const std::string& policy : policies) {
      sample(*video, policy, threads);
      threads = threads % 3 + 1;
    }
  } catch (const Error& error) {
    printf("{\"error\":%s}\n", failure(error).c_str());
  }
  return 0;
}

}  // namespace
}  // namespace unreel::media

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "sample_planes FILE POLICY...\n");
    return 2;
  }
  return unreel::media::run(argv[1], std::vector<std::string>(argv + 2, argv + argc));
}
