#include "media/spooled_source.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/outside_wait.h"

namespace unreel::media {
namespace {

/// How soon a wait sees that its reader was interrupted.
constexpr auto kLook = std::chrono::milliseconds(10);

class ReadersEnd final : public ByteSource {
 public:
  explicit ReadersEnd(std::shared_ptr<SpooledSource> source) : source_(std::move(source)) {}
  ReadersEnd(const ReadersEnd&) = delete;
  ReadersEnd& operator=(const ReadersEnd&) = delete;
  ~ReadersEnd() override { source_->close(); }

  const std::string& name() const override { return source_->name(); }
  std::optional<std::int64_t> size() const override { return source_->size(); }
  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count, const Interrupt& interrupt) override {
    return source_->read(offset, to, count, interrupt);
  }

 private:
  std::shared_ptr<SpooledSource> source_;
};

}  // namespace

SpooledSource::SpooledSource(std::string name, const Limits& limits) : name_(std::move(name)), limits_(limits) {}

std::optional<std::int64_t> SpooledSource::size() const {
  const std::lock_guard lock(mutex_);
  return size_;
}

std::size_t SpooledSource::read(std::int64_t offset, std::uint8_t* to, std::size_t count, const Interrupt& interrupt) {
  if (offset < 0 || count == 0) return 0;
  std::shared_ptr<SpoolStore> store;
  std::size_t taken = 0;
  Notices notices;
  {
    std::unique_lock lock(mutex_);
    if (!readable(offset)) {
      lock.unlock();
      const OutsideWait waiting;
      lock.lock();
      wait(lock, offset, interrupt);
      lock.unlock();
    }
    if (!lock.owns_lock()) lock.lock();
    interrupt.check();
    const std::int64_t here = store_ ? present_.first_missing(offset) - offset : 0;
    if (here == 0 && size_ && offset >= *size_) return 0;
    if (here == 0) std::rethrow_exception(failure_);
    taken = static_cast<std::size_t>(std::min(here, static_cast<std::int64_t>(count)));
    store = store_;
    cursor_ = offset + static_cast<std::int64_t>(taken);
    notices = due();
  }
  tell(notices);
  store->read(offset, to, taken);
  return taken;
}

bool SpooledSource::readable(std::int64_t offset) const {
  return failure_ || present_.first_missing(offset) > offset || (size_ && offset >= *size_);
}

void SpooledSource::wait(std::unique_lock<std::mutex>& lock, std::int64_t offset, const Interrupt& interrupt) {
  const auto mine = waits_.insert(waits_.end(), offset);
  const Clock::time_point since = Clock::now();
  while (!readable(offset) && !interrupt.fired()) {
    const auto idle = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - std::max(since, arrival_));
    if (idle.count() >= limits_.idle_timeout_ms) {
      failure_ = std::make_exception_ptr(limit_reached("idleTimeoutMs", limits_.idle_timeout_ms).with("path", name_));
      changed_.notify_all();
    }
    if (const Notices notices = due(); !notices.empty()) {
      lock.unlock();
      tell(notices);
      lock.lock();
    } else {
      changed_.wait_for(lock, kLook);
    }
  }
  waits_.erase(mine);
}

std::optional<std::int64_t> SpooledSource::demand() const {
  const auto lacks = [&](std::int64_t offset) {
    return present_.first_missing(offset) == offset && (!size_ || offset < *size_);
  };
  const auto waiting = std::find_if(waits_.begin(), waits_.end(), lacks);
  if (waiting != waits_.end()) return *waiting;
  const std::int64_t next = present_.first_missing(cursor_);
  if (next < cursor_ + kReadAhead && lacks(next)) return next;
  return std::nullopt;
}

void SpooledSource::check_room(std::int64_t fresh) const {
  check_limit("maxBytes", brought_, limits_.max_bytes);
  check_limit("maxSpoolBytes", present_.total() + fresh, limits_.max_spool_bytes);
}

std::vector<std::pair<std::int64_t, std::int64_t>> SpooledSource::missing_within(std::int64_t begin,
                                                                                 std::int64_t end) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> gaps;
  for (std::int64_t at = present_.first_missing(begin); at < end; at = present_.first_missing(at)) {
    const std::int64_t stop = std::min(end, present_.first_present(at));
    gaps.emplace_back(at, stop);
    at = stop;
  }
  return gaps;
}

void SpooledSource::put(std::int64_t offset, const std::uint8_t* data, std::size_t count) {
  UNREEL_CHECK(offset >= 0);
  try {
    std::shared_ptr<SpoolStore> store;
    std::vector<std::pair<std::int64_t, std::int64_t>> gaps;
    std::int64_t end = offset + static_cast<std::int64_t>(count);
    {
      const std::lock_guard lock(mutex_);
      if (done()) return;
      brought_ += static_cast<std::int64_t>(count);
      if (size_) end = std::min(end, *size_);
      gaps = missing_within(offset, end);
      std::int64_t fresh = 0;
      for (const auto& [from, to] : gaps) fresh += to - from;
      check_room(fresh);
      store = store_;
    }
    for (const auto& [from, to] : gaps) {
      store->write(from, data + (from - offset), static_cast<std::size_t>(to - from));
    }
    Notices notices;
    {
      const std::lock_guard lock(mutex_);
      present_.add(offset, end);
      arrival_ = Clock::now();
      changed_.notify_all();
      notices = due();
    }
    tell(notices);
  } catch (...) {
    fail(std::current_exception());
    throw;
  }
}

void SpooledSource::set_size(std::int64_t size) {
  UNREEL_CHECK(size >= 0);
  try {
    Notices notices;
    {
      const std::lock_guard lock(mutex_);
      if (done() || size_) return;
      check_limit("maxBytes", size, limits_.max_bytes);
      if (size == 0) throw Error(ErrorCode::empty_file, "There are no bytes in " + name_ + ".").with("path", name_);
      size_ = size;
      changed_.notify_all();
      notices = due();
    }
    tell(notices);
  } catch (...) {
    fail(std::current_exception());
    throw;
  }
}

void SpooledSource::fail(std::exception_ptr error) {
  Notices notices;
  {
    const std::lock_guard lock(mutex_);
    if (done()) return;
    failure_ = std::move(error);
    changed_.notify_all();
    notices = due();
  }
  tell(notices);
}

void SpooledSource::close() {
  fail(std::make_exception_ptr(Error(ErrorCode::aborted, "The stream was closed.")));
  Notices notices;
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::make_exception_ptr(Error(ErrorCode::aborted, "The stream was closed."));
    store_.reset();
    changed_.notify_all();
    notices = due();
  }
  tell(notices);
}

void SpooledSource::next_wanted(Wanted answer) {
  Notices notices;
  {
    const std::lock_guard lock(mutex_);
    UNREEL_CHECK(!wanted_);
    wanted_ = std::move(answer);
    notices = due();
  }
  tell(notices);
}

void SpooledSource::when_done(std::function<void()> then) {
  Notices notices;
  {
    const std::lock_guard lock(mutex_);
    then_.push_back(std::move(then));
    notices = due();
  }
  tell(notices);
}

SpooledSource::Notices SpooledSource::due() {
  Notices notices;
  if (done()) {
    notices.swap(then_);
    if (wanted_) notices.push_back([answer = std::exchange(wanted_, nullptr)] { answer(std::nullopt); });
  } else if (wanted_) {
    if (const std::optional<std::int64_t> offset = demand()) {
      notices.push_back([answer = std::exchange(wanted_, nullptr), offset] { answer(offset); });
    }
  }
  return notices;
}

void SpooledSource::tell(const Notices& notices) {
  for (const auto& notice : notices) notice();
}

std::shared_ptr<ByteSource> readers_end(std::shared_ptr<SpooledSource> source) {
  return std::make_shared<ReadersEnd>(std::move(source));
}

}  // namespace unreel::media
