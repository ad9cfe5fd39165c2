// Cores that samplings decode with, shared among them.
#pragma once

namespace unreel::engine {

/**
 * One sampling's share of the cores of the process: all that no other sampling and no encoder's
 * worker (CoreTurn) holds, at least one; or as many as it
 * asks for. Given back when it ends. Any thread.
 */
class CoreLoan {
 public:
  /// `wanted` >= 1 is granted; 0 asks for what is free.
  explicit CoreLoan(int wanted);
  CoreLoan(const CoreLoan&) = delete;
  CoreLoan& operator=(const CoreLoan&) = delete;
  ~CoreLoan();

  int threads() const { return threads_; }

 private:
  int threads_;
};

}  // namespace unreel::engine
