#include "media/interrupt.h"

#include <algorithm>

namespace unreel::media {

void Interrupt::set_deadline(const char* limit, std::int64_t timeout_ms) {
  // A century is as good as never and does not overflow the clock.
  constexpr std::int64_t kLongest = 100LL * 365 * 24 * 3600 * 1000;
  const std::chrono::milliseconds wait(std::min(timeout_ms, kLongest));
  deadline_ = Deadline{limit, timeout_ms, Clock::now() + wait};
}

void Interrupt::check() const {
  open_.throw_if_cancelled();
  call_.throw_if_cancelled();
  if (is_late()) throw limit_reached(deadline_->limit, deadline_->timeout_ms);
}

}  // namespace unreel::media
