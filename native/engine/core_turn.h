// Cores of the process that workers decode and encode on, shared among all encoders.
#pragma once

#include <atomic>

namespace unreel::engine {

/**
 * While it lives, its thread works on one of the process's cores; it waits until one is free. So however many encoders
 * a process has loaded, in however many JavaScript environments, no more of their threads run than there are cores. One
 * a thread. Samplings take what these leave (CoreLoan), and at least one each.
 */
class CoreTurn {
 public:
  CoreTurn();
  /// Waits no longer, and takes no core, once `given_up` is true: whoever sets it calls look_again().
  explicit CoreTurn(const std::atomic<bool>& given_up);
  ~CoreTurn();
  CoreTurn(const CoreTurn&) = delete;
  CoreTurn& operator=(const CoreTurn&) = delete;

  /// The calling thread's turn, where it has one, is given up while it waits for somebody outside the process, and
  /// taken again at once afterwards, even if all cores are taken then.
  static void pause();
  static void resume();

  static void look_again();

  /// How many there are at this moment.
  static int taken();
};

}  // namespace unreel::engine
