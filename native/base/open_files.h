// Descriptors of many files, of which few are open at a time.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace unreel {

/// Files for reading, opened when first asked for; the one that was asked for longest ago is closed when more than
/// `most` are open. Any thread.
class OpenFiles {
 public:
  OpenFiles(std::vector<std::string> paths, std::size_t most) : paths_(std::move(paths)), most_(most) {}

  /// The file of that index; open as long as the pointer is held, whatever is closed meanwhile. Throws not_found,
  /// not_readable, io, each with `path`.
  std::shared_ptr<const UniqueFd> get(std::size_t file);

  const std::string& path(std::size_t file) const { return paths_[file]; }

 private:
  struct Entry {
    std::size_t file;
    std::shared_ptr<const UniqueFd> fd;
  };

  const std::vector<std::string> paths_;
  const std::size_t most_;
  std::mutex mutex_;
  std::list<Entry> recent_;  ///< the latest first
  std::unordered_map<std::size_t, std::list<Entry>::iterator> places_;
};

/// Reads exactly `bytes` at `offset`, in as few calls as the system allows; fewer only where the file ends. Returns how
/// many. Throws io with `path`.
std::size_t read_at(const UniqueFd& fd, const std::string& path, std::size_t offset, std::size_t bytes, void* out);

}  // namespace unreel
