// Cancellation that any thread may ask for and any loop may see.
#pragma once

#include <atomic>
#include <memory>

#include "base/error.h"

namespace unreel {

/// A shared flag. Copies see the same flag; cancel() may be called from any thread, any number of times.
class CancelToken {
 public:
  CancelToken() : flag_(std::make_shared<std::atomic<bool>>(false)) {}

  void cancel() const { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }

  /// The flag without ownership: a registry can cancel what still lives and forget what does not.
  std::weak_ptr<std::atomic<bool>> watch() const { return flag_; }

  /// Throws `aborted` once cancel() was called. Loops call it once per packet, batch or epoch.
  void throw_if_cancelled() const {
    if (cancelled()) throw Error(ErrorCode::aborted, "The operation was aborted.");
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

}  // namespace unreel
