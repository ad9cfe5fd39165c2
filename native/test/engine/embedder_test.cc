#include "engine/embedder.h"

#include <gtest/gtest.h>

#include <future>
#include <map>

#include "clip/runtime.h"
#include "media/file_source.h"
#include "media/spooled_source.h"
#include "test/support/assets.h"
#include "test/support/onnx_runtime.h"

namespace unreel::engine {
namespace {

struct Outcome {
  std::unique_ptr<VideoEmbedding> result;
  std::exception_ptr error;
};

std::shared_ptr<clip::ImageEncoder> tiny_encoder() {
  clip::load_runtime(test::onnx_runtime_path());
  return clip::ImageEncoder::load(test::asset("models/clip-tiny/torchscript_opset14.onnx"), {});
}

std::future<Outcome> submit(Embedder& embedder, const std::string& path, std::int64_t count, CancelToken cancel = {}) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> future = promise->get_future();
  embedder.submit({[path] { return media::open_file_source(path); }, media::SampleCount{count}, {}, std::move(cancel)},
                  [promise](std::unique_ptr<VideoEmbedding> result, std::exception_ptr error) {
                    promise->set_value({std::move(result), error});
                  });
  return future;
}

ErrorCode code_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return e.code();
  }
}

std::string what_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return e.message();
  }
}

const char* const kClips[] = {"codecs/bt709_full_range.mp4", "codecs/testsrc2_vp9.webm",
                              "codecs/nasa_13013_rotated.mp4", "codecs/carphone_pristine.mp4"};

TEST(Embedder, GivesTheSameBytesForAnyWorkersAndBatch) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto encoder = tiny_encoder();
  std::map<std::string, std::vector<float>> expected;
  for (const auto& [workers, batch] : {std::pair{1, 1}, std::pair{1, 8}, std::pair{2, 3}, std::pair{4, 16}}) {
    Embedder embedder({encoder}, workers, batch);
    std::map<std::string, std::future<Outcome>> pending;
    for (const char* clip : kClips) pending.emplace(clip, submit(embedder, test::asset(clip), 7));
    for (auto& [clip, future] : pending) {
      const Outcome outcome = future.get();
      ASSERT_TRUE(outcome.result) << clip;
      EXPECT_EQ(outcome.result->frames.size(), 7U) << clip;
      EXPECT_EQ(outcome.result->embeddings.size(), 7U * encoder->contract().dimension) << clip;
      const auto [known, fresh] = expected.emplace(clip, outcome.result->embeddings);
      EXPECT_TRUE(fresh || known->second == outcome.result->embeddings)
          << clip << " workers " << workers << " batch " << batch;
    }
  }
}

TEST(Embedder, ABadVideoDoesNotDisturbTheOthers) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  Embedder embedder({tiny_encoder()}, 2, 4);
  auto good = submit(embedder, test::asset(kClips[0]), 5);
  auto bad = submit(embedder, "/no/such/file.mp4", 5);
  auto also_good = submit(embedder, test::asset(kClips[1]), 5);
  EXPECT_TRUE(good.get().result);
  EXPECT_EQ(code_of(bad.get().error), ErrorCode::not_found);
  EXPECT_TRUE(also_good.get().result);
}

TEST(Embedder, ACancelledVideoEndsAndTheOthersGoOn) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  Embedder embedder({tiny_encoder()}, 1, 4);
  const CancelToken cancel;
  auto first = submit(embedder, test::asset(kClips[0]), 30);
  auto cancelled = submit(embedder, test::asset(kClips[1]), 30, cancel);
  cancel.cancel();
  EXPECT_EQ(code_of(cancelled.get().error), ErrorCode::aborted);
  EXPECT_TRUE(first.get().result);
}

TEST(Embedder, VideosThatWaitForTheirBytesHoldUpNoOther) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  Embedder embedder({tiny_encoder()}, 1, 4);
  std::vector<std::shared_ptr<media::SpooledSource>> silent;
  std::vector<std::future<Outcome>> stalled;
  for (int i = 0; i < 5; ++i) {
    silent.push_back(std::make_shared<media::SpooledSource>("the stream", media::Limits{}));
    auto promise = std::make_shared<std::promise<Outcome>>();
    stalled.push_back(promise->get_future());
    embedder.submit({[readers = readers_end(silent.back())] { return readers; }, media::SampleCount{3}, {}, {}},
                    [promise](std::unique_ptr<VideoEmbedding> result, std::exception_ptr error) {
                      promise->set_value({std::move(result), error});
                    });
  }
  EXPECT_TRUE(submit(embedder, test::asset(kClips[0]), 5).get().result);
  EXPECT_TRUE(submit(embedder, test::asset(kClips[1]), 5).get().result);
  for (const auto& source : silent) source->close();
  for (auto& each : stalled) EXPECT_EQ(code_of(each.get().error), ErrorCode::aborted);
}

TEST(Embedder, StopSettlesEveryVideo) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  Embedder embedder({tiny_encoder()}, 2, 8);
  std::vector<std::future<Outcome>> pending;
  for (int i = 0; i < 20; ++i) pending.push_back(submit(embedder, test::asset("codecs/nasa_13013.mp4"), 50));
  embedder.stop();
  for (auto& each : pending) {
    const Outcome outcome = each.get();
    EXPECT_TRUE(outcome.result || code_of(outcome.error) == ErrorCode::aborted) << what_of(outcome.error);
  }
  EXPECT_EQ(code_of(submit(embedder, test::asset(kClips[0]), 1).get().error), ErrorCode::disposed);
}

TEST(Embedder, GivesTheEmbeddingsOfSeveralEncodersSideBySide) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto encoder = tiny_encoder();
  Embedder one({encoder}, 1, 4);
  Embedder two({encoder, encoder}, 2, 3);
  const auto single = submit(one, test::asset(kClips[0]), 5).get().result;
  const auto both = submit(two, test::asset(kClips[0]), 5).get().result;
  ASSERT_TRUE(single && both);
  EXPECT_EQ(two.dimension(), 2 * one.dimension());
  std::vector<float> expected;
  for (auto row = single->embeddings.begin(); row != single->embeddings.end(); row += one.dimension()) {
    for (int copy = 0; copy < 2; ++copy) expected.insert(expected.end(), row, row + one.dimension());
  }
  EXPECT_EQ(both->embeddings, expected);
}

TEST(Embedder, MayBeStoppedByTwoThreadsAtOnce) {
  UNREEL_NEEDS_ASSET("codecs/nasa_13013.mp4");
  const auto encoder = tiny_encoder();
  for (int round = 0; round < 20; ++round) {
    Embedder embedder({encoder}, 2, 4);
    auto pending = submit(embedder, test::asset(kClips[0]), 3);
    {
      const NamedThread first("stop", [&] { embedder.stop(); });
      const NamedThread second("stop", [&] { embedder.stop(); });
    }
    pending.get();
  }
}

}  // namespace
}  // namespace unreel::engine
