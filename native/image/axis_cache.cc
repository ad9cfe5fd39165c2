#include <list>
#include <mutex>

#include "image/resize_axis.h"

namespace unreel::image {
namespace {

/// At most this many axes are kept; a larger one than kLargest is not.
constexpr std::size_t kKept = 64;
constexpr std::size_t kLargest = std::size_t{1} << 20;

struct Entry {
  AxisSpec spec;
  std::shared_ptr<const Axis> axis;
};

/// The last used first.
class AxisCache {
 public:
  std::shared_ptr<const Axis> find(const AxisSpec& spec) {
    const std::lock_guard lock(mutex_);
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      if (at->spec != spec) continue;
      entries_.splice(entries_.begin(), entries_, at);
      return at->axis;
    }
    return nullptr;
  }

  void keep(const AxisSpec& spec, std::shared_ptr<const Axis> axis) {
    if (axis->bytes() > kLargest) return;
    const std::lock_guard lock(mutex_);
    entries_.push_front({spec, std::move(axis)});
    if (entries_.size() > kKept) entries_.pop_back();
  }

 private:
  std::mutex mutex_;
  std::list<Entry> entries_;
};

}  // namespace

std::shared_ptr<const Axis> axis_of(const AxisSpec& spec) {
  static AxisCache* const kCache = new AxisCache;  // threads may still crop while the process ends
  if (auto axis = kCache->find(spec)) return axis;
  // Two threads may make the same axis at once; both are right.
  auto axis = std::make_shared<const Axis>(make_axis(spec));
  kCache->keep(spec, axis);
  return axis;
}

}  // namespace unreel::image
