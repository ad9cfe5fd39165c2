// Bytes that somebody brings while others read them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "media/byte_ranges.h"
#include "media/byte_source.h"
#include "media/limits.h"
#include "media/spool_store.h"

namespace unreel::media {

/**
 * An input whose bytes one producer brings, in any order, and any number of readers read, each byte as often as they
 * like: all that came is kept (SpoolStore).
 *
 * The producer is asked for bytes only while a reader waits for some, or while fewer than kReadAhead bytes follow the
 * place that was read last. Readers wait for what is not there yet; a wait ends with the bytes, with the reader's own
 * Interrupt within some 10 ms, with fail() or close(), or with limit_exceeded when nothing came for idle_timeout_ms.
 *
 * Readers' members (those of ByteSource) may be called from any thread at any time. The producer's may be too, put() by
 * one thread at a time. Callbacks are called once, on whichever thread brings about what they wait for, without a lock
 * held.
 */
class SpooledSource final : public ByteSource {
 public:
  static constexpr std::int64_t kReadAhead = 4 << 20;

  /// Of the limits those on bytes and on idle time hold here.
  SpooledSource(std::string name, const Limits& limits);

  const std::string& name() const override { return name_; }
  std::optional<std::int64_t> size() const override;
  /// Throws, besides its own, what fail() was given; bytes that are there can be read even so.
  std::size_t read(std::int64_t offset, std::uint8_t* to, std::size_t count, const Interrupt& interrupt) override;

  /// What the bytes at `offset` are. Of bytes that are there already the first ones stay. Nothing once the source is
  /// done. Throws limit_exceeded (maxBytes: all that was brought; maxSpoolBytes: all that is kept) and io, and fails
  /// with the same.
  void put(std::int64_t offset, const std::uint8_t* data, std::size_t count);

  /// How many bytes there are altogether; once. 0 fails with empty_file. Throws limit_exceeded and fails with it.
  void set_size(std::int64_t size);

  /// No more bytes come, for this reason. The first one counts.
  void fail(std::exception_ptr error);

  /// The offset where the producer goes on, or nothing once the source is done.
  using Wanted = std::function<void(std::optional<std::int64_t>)>;
  /// Asks for the next place to go on at; one question at a time.
  void next_wanted(Wanted answer);

  /// Calls `then` once the source is done: every byte is there, it failed, or it was closed.
  void when_done(std::function<void()> then);

  /// Ends the waits of readers with aborted and gives the bytes up. Idempotent.
  void close();

 private:
  using Clock = std::chrono::steady_clock;
  using Notices = std::vector<std::function<void()>>;

  bool complete() const { return size_ && present_.first_missing(0) >= *size_; }
  bool done() const { return failure_ != nullptr || complete(); }
  std::optional<std::int64_t> demand() const;
  void check_room(std::int64_t fresh) const;
  std::vector<std::pair<std::int64_t, std::int64_t>> missing_within(std::int64_t begin, std::int64_t end) const;
  /// Under the lock: what callers of next_wanted() and when_done() are to be told now.
  Notices due();
  static void tell(const Notices& notices);
  /// Whether a read at `offset` need not wait: it has bytes, the end or an error to give.
  bool readable(std::int64_t offset) const;
  /// Waits under the lock until that is so, or the interrupt has fired.
  void wait(std::unique_lock<std::mutex>& lock, std::int64_t offset, const Interrupt& interrupt);

  const std::string name_;
  const Limits limits_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<SpoolStore> store_ = std::make_shared<SpoolStore>();  ///< none once closed
  ByteRanges present_;
  std::optional<std::int64_t> size_;
  std::int64_t brought_ = 0;       ///< bytes given to put()
  std::int64_t cursor_ = 0;        ///< where the latest read ended
  std::list<std::int64_t> waits_;  ///< offsets that readers wait for, the longest wait first
  Clock::time_point arrival_ = Clock::now();
  std::exception_ptr failure_;
  Wanted wanted_;
  std::vector<std::function<void()>> then_;
};

/// The readers' end of a source: the source is closed when the last copy goes.
std::shared_ptr<ByteSource> readers_end(std::shared_ptr<SpooledSource> source);

}  // namespace unreel::media
