#include "base/outside_wait.h"

namespace unreel {
namespace {

thread_local WaitObserver* observer_of_thread = nullptr;

}  // namespace

ObservedThread::ObservedThread(WaitObserver& observer) { observer_of_thread = &observer; }
ObservedThread::~ObservedThread() { observer_of_thread = nullptr; }

OutsideWait::OutsideWait() {
  if (observer_of_thread != nullptr) observer_of_thread->wait_begins();
}
OutsideWait::~OutsideWait() {
  if (observer_of_thread != nullptr) observer_of_thread->wait_ends();
}

}  // namespace unreel
