// Who may end a wait or a loop of this room before its time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/cancel_token.h"
#include "media/limits.h"

namespace unreel::media {

/// Two tokens, that of whoever opened the video and that of the present call, and the deadline of the present step.
/// Copies see the same tokens. Loops ask once per packet; waits ask every few milliseconds.
class Interrupt {
 public:
  using Clock = std::chrono::steady_clock;

  Interrupt() = default;
  explicit Interrupt(const CancelToken& open) : open_(open) {}

  void set_call(const CancelToken& call) { call_ = call; }

  /// From now on check() throws limit_exceeded naming `limit` once `timeout_ms` have passed. `limit` is a literal.
  void set_deadline(const char* limit, std::int64_t timeout_ms);
  void clear_deadline() { deadline_.reset(); }

  bool fired() const { return open_.cancelled() || call_.cancelled() || is_late(); }

  /// Throws aborted or limit_exceeded when fired.
  void check() const;

 private:
  struct Deadline {
    const char* limit;
    std::int64_t timeout_ms;
    Clock::time_point at;
  };
  bool is_late() const { return deadline_ && Clock::now() >= deadline_->at; }

  CancelToken open_;
  CancelToken call_;
  std::optional<Deadline> deadline_;
};

}  // namespace unreel::media
