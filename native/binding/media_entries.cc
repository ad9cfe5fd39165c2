// Videos and clips.
#include <deque>
#include <functional>
#include <utility>

#include "base/check.h"
#include "binding/entries.h"
#include "binding/js_promise.h"
#include "binding/values.h"
#include "engine/frame_stream.h"
#include "image/preprocessing.h"
#include "media/clip_writer.h"

namespace unreel::binding {
namespace {

Napi::Value frame_to_js(Napi::Env env, std::optional<engine::RgbFrame>& frame) {
  if (!frame) return env.Null();
  Napi::Object object = Napi::Object::New(env);
  object.Set("data", adopt_bytes(env, std::move(frame->data)));
  object.Set("width", frame->width);
  object.Set("height", frame->height);
  object.Set("ptsUs", static_cast<double>(frame->pts_us));
  object.Set("frame", static_cast<double>(frame->frame));
  object.Set("keyFrame", frame->key_frame);
  return object;
}

/// Joining a decoder thread may take a packet's time, so it happens on a job thread, never on the JS thread.
void stop_elsewhere(std::shared_ptr<engine::FrameStream> stream) {
  engine::JobPool::instance().submit([stream = std::move(stream)] { stream->stop(); });
}

/// Stops the stream when JavaScript lets go of the handle without closing it.
struct StreamHandle {
  std::shared_ptr<engine::FrameStream> stream;
  explicit StreamHandle(std::shared_ptr<engine::FrameStream> s) : stream(std::move(s)) {}
  StreamHandle(const StreamHandle&) = delete;
  StreamHandle& operator=(const StreamHandle&) = delete;
  ~StreamHandle() { close(); }
  void close() {
    if (stream) stop_elsewhere(std::move(stream));
    stream.reset();
  }
};

Napi::Value stream_to_js(Napi::Env env, std::shared_ptr<engine::FrameStream> stream) {
  AddonData::of(env).stop_at_exit(stream, &engine::FrameStream::stop);
  const auto handle = std::make_shared<StreamHandle>(std::move(stream));
  Napi::Object object = Napi::Object::New(env);
  add_method(env, object, "next", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    const JsPromise promise(info.Env());
    if (!handle->stream) {
      promise.resolve([](Napi::Env e) { return e.Null(); });
      return promise.promise();
    }
    handle->stream->next([promise](std::optional<engine::RgbFrame> frame, std::exception_ptr error) {
      if (error) return promise.reject(error);
      const auto shared = std::make_shared<std::optional<engine::RgbFrame>>(std::move(frame));
      promise.resolve([shared](Napi::Env e) { return frame_to_js(e, *shared); });
    });
    return promise.promise();
  });
  add_method(env, object, "close", [handle](const Napi::CallbackInfo& info) {
    handle->close();
    return info.Env().Undefined();
  });
  return object;
}

engine::FrameForm form_argument(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  engine::FrameForm form;
  form.crop_size = int_argument(object.Get("cropSize"));
  if (string_argument(object.Get("alpha")) == "drop") form.alpha = image::Alpha::dropped;
  return form;
}

Napi::Value video_to_js(Napi::Env env, const std::shared_ptr<engine::SharedVideo>& video) {
  const auto info = std::make_shared<media::VideoInfo>(video->video->info());
  const auto open = std::make_shared<bool>(true);
  Napi::Object object = Napi::Object::New(env);
  add_method(env, object, "info", [info](const Napi::CallbackInfo& call) { return info_to_js(call.Env(), *info); });
  add_method(env, object, "stats", [video](const Napi::CallbackInfo& call) {
    std::lock_guard lock(video->stats_mutex);
    return stats_to_js(call.Env(), video->stats);
  });
  add_method(env, object, "sample", [video, open](const Napi::CallbackInfo& call) {
    if (!*open) throw Error(ErrorCode::disposed, "The video was closed; open it again with openVideo().");
    return stream_to_js(call.Env(),
                        std::make_shared<engine::FrameStream>(video, policy_argument(call[0]), int_argument(call[1]),
                                                              form_argument(call[2]), token_argument(call[3])));
  });
  add_method(env, object, "close", [video, open](const Napi::CallbackInfo& call) {
    if (std::exchange(*open, false)) {
      engine::JobPool::instance().submit([video] {
        std::lock_guard turn(video->turn);
        video->video.reset();
      });
    }
    return call.Env().Undefined();
  });
  return object;
}

Napi::Value open_video(const Napi::CallbackInfo& info) {
  auto shared = std::make_shared<engine::SharedVideo>();
  shared->source = source_argument(info[0]);
  shared->limits = limits_argument(info[1]);
  return run_job(info.Env(), [shared, cancel = token_argument(info[2])]() -> MakeValue {
    shared->video = media::Video::open(shared->source(), shared->limits, cancel);
    return [shared](Napi::Env env) { return video_to_js(env, shared); };
  });
}

/// A writer, and the line in which its calls wait: they are carried out one by one, in the order in which they came.
class SharedClip : public std::enable_shared_from_this<SharedClip> {
 public:
  explicit SharedClip(std::unique_ptr<media::ClipWriter> writer) : writer_(std::move(writer)) {}

  /// Carries out `step` when its turn comes, on a job thread, and settles the promise that is returned.
  Napi::Value queue(Napi::Env env, std::function<void(std::unique_ptr<media::ClipWriter>&)> step) {
    const JsPromise promise(env);
    post([promise, step = std::move(step)](std::unique_ptr<media::ClipWriter>& writer) {
      try {
        if (!writer) throw Error(ErrorCode::disposed, "The clip was closed.");
        step(writer);
        promise.resolve([](Napi::Env e) { return e.Undefined(); });
      } catch (...) {
        promise.reject(std::current_exception());
      }
    });
    return promise.promise();
  }

  /// Drops an unfinished clip after the calls that wait.
  void close() {
    post([](std::unique_ptr<media::ClipWriter>& writer) { writer.reset(); });
  }

  /// Drops an unfinished clip now.
  void stop() {
    const std::lock_guard turn(turn_);
    writer_.reset();
  }

 private:
  using Step = std::function<void(std::unique_ptr<media::ClipWriter>&)>;

  void post(Step step) {
    const std::lock_guard lock(mutex_);
    steps_.push_back(std::move(step));
    if (running_) return;
    running_ = true;
    engine::JobPool::instance().submit([self = shared_from_this()] { self->run(); });
  }

  void run() {
    for (;;) {
      Step step;
      {
        const std::lock_guard lock(mutex_);
        running_ = !steps_.empty();
        if (!running_) return;
        step = std::move(steps_.front());
        steps_.pop_front();
      }
      const std::lock_guard turn(turn_);
      step(writer_);
    }
  }

  std::mutex turn_;  ///< held while writer_ is used
  std::unique_ptr<media::ClipWriter> writer_;

  std::mutex mutex_;
  std::deque<Step> steps_;
  bool running_ = false;
};

Napi::Value clip_to_js(Napi::Env env, const std::shared_ptr<SharedClip>& clip) {
  AddonData::of(env).stop_at_exit(clip, &SharedClip::stop);
  Napi::Object object = Napi::Object::New(env);
  add_method(env, object, "write", [clip](const Napi::CallbackInfo& info) {
    return clip->queue(info.Env(), [rgb = copy_of<std::uint8_t>(info[0])](std::unique_ptr<media::ClipWriter>& writer) {
      writer->write(rgb->data());
    });
  });
  add_method(env, object, "finish", [clip](const Napi::CallbackInfo& info) {
    return clip->queue(info.Env(), [](std::unique_ptr<media::ClipWriter>& writer) {
      writer->finish();
      writer.reset();
    });
  });
  add_method(env, object, "close", [clip](const Napi::CallbackInfo& info) {
    clip->close();
    return info.Env().Undefined();
  });
  return object;
}

Napi::Value create_clip(const Napi::CallbackInfo& info) {
  const auto object = info[1].As<Napi::Object>();
  media::ClipOptions options;
  options.codec = string_argument(object.Get("codec"));
  options.width = int_argument(object.Get("width"));
  options.height = int_argument(object.Get("height"));
  options.fps_numerator = int_argument(object.Get("fpsNumerator"));
  options.fps_denominator = int_argument(object.Get("fpsDenominator"));
  options.quality = int_argument(object.Get("quality"));
  options.gop = int_argument(object.Get("gop"));
  return run_job(info.Env(), [path = string_argument(info[0]), options]() -> MakeValue {
    const auto clip = std::make_shared<SharedClip>(media::ClipWriter::open(path, options));
    return [clip](Napi::Env env) { return clip_to_js(env, clip); };
  });
}

/// rgb, width, height, variant, size.
Napi::Value preprocess(const Napi::CallbackInfo& info) {
  const auto rgb = copy_of<std::uint8_t>(info[0]);
  const int width = int_argument(info[1]);
  const int height = int_argument(info[2]);
  const auto variant = image::variant_named(string_argument(info[3]));
  UNREEL_CHECK(variant && rgb->size() == static_cast<std::size_t>(width) * height * 3);
  const image::Preprocessing preprocessing{*variant, int_argument(info[4]), {}};
  return run_job(info.Env(), [rgb, width, height, preprocessing]() -> MakeValue {
    const auto crop = std::make_shared<std::vector<std::uint8_t>>(preprocessing.bytes());
    image::preprocess(image::rgb_picture(rgb->data(), width, height), preprocessing, crop->data());
    return [crop](Napi::Env env) { return typed_array(env, crop->data(), crop->size()); };
  });
}

}  // namespace

void export_media(Napi::Env env, Napi::Object exports) {
  add_method(env, exports, "openVideo", open_video);
  add_method(env, exports, "createClip", create_clip);
  add_method(env, exports, "preprocess", preprocess);
}

}  // namespace unreel::binding
