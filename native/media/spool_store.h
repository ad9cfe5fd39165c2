// Bytes that are kept until nobody reads them any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/unique_fd.h"

namespace unreel::media {

/**
 * Keeps bytes at their offsets: in memory while they all lie below kMemoryBytes, else in a file of the temporary folder
 * (TMPDIR, else /tmp). The file has no name, so that it is gone with the process, however that ends; what was never
 * written takes no room in it. Who writes and who reads must know what is there: bytes that were never written are
 * undefined. Different bytes may be written and read at once, from any thread.
 */
class SpoolStore {
 public:
  static constexpr std::int64_t kMemoryBytes = 16 << 20;

  /// Throws io when there is no room, or no file can be made.
  void write(std::int64_t offset, const std::uint8_t* data, std::size_t count);

  /// Throws io.
  void read(std::int64_t offset, std::uint8_t* to, std::size_t count) const;

 private:
  void move_to_file();

  mutable std::mutex mutex_;  ///< guards both members; a file stays once it is there and is used without the lock
  std::vector<std::uint8_t> memory_;
  UniqueFd file_;
};

}  // namespace unreel::media
