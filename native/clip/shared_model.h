// A loaded model file, one for the whole process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "clip/contract.h"
#include "onnx/session.h"

namespace unreel::clip {

/**
 * A session that everybody shares who loads the same file for the same device with the same number of threads, from
 * whatever JavaScript environment: weights lie in memory once. A file counts as the same while its place, size and time
 * of change are, its external files' too. Freed with its last user. Thread-safe.
 */
class SharedModel {
 public:
  /// Two that load one file at once wait for one load. Throws as onnx::Session::open().
  static std::shared_ptr<SharedModel> load(const std::string& path, const onnx::SessionOptions& options);

  SharedModel(const std::string& path, const onnx::SessionOptions& options);
  SharedModel(const SharedModel&) = delete;
  SharedModel& operator=(const SharedModel&) = delete;

  onnx::Session& session() { return *session_; }

  /// What the file promises to those who ask for pictures of the wanted size; its trial run is made once. Throws as
  /// read_contract().
  EncoderContract contract(const std::optional<WantedSize>& wanted);

 private:
  bool is_current() const;

  const std::string path_;
  const std::string identity_;  ///< of the file when it was loaded
  const std::unique_ptr<onnx::Session> session_;
  std::mutex mutex_;
  std::map<int, EncoderContract> contracts_;      ///< by the size that was asked for, 0 for none
  std::map<std::string, std::string> externals_;  ///< external files' identities
};

}  // namespace unreel::clip
