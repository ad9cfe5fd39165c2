#include "clip/shared_model.h"

#include <sys/stat.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <tuple>

namespace unreel::clip {
namespace {

/// Changes whenever the file does, or another takes its place; empty where there is none.
std::string identity_of(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return "";
  std::string identity;
  for (const std::int64_t part :
       {static_cast<std::int64_t>(info.st_dev), static_cast<std::int64_t>(info.st_ino),
        static_cast<std::int64_t>(info.st_size), std::int64_t{info.st_mtim.tv_sec}, std::int64_t{info.st_mtim.tv_nsec},
        std::int64_t{info.st_ctim.tv_sec}, std::int64_t{info.st_ctim.tv_nsec}})
    identity += std::to_string(part) + ":";
  return identity;
}

std::string beside(const std::string& model_path, const std::string& name) {
  return (std::filesystem::path(model_path).parent_path() / name).string();
}

using Key = std::tuple<std::string, std::string, int>;  ///< file, device, threads

/// One place of the register: who loads holds the mutex.
struct Place {
  std::mutex mutex;
  std::weak_ptr<SharedModel> model;
};

std::shared_ptr<Place> place_of(const Key& key) {
  static std::mutex mutex;
  static std::map<Key, std::shared_ptr<Place>> places;
  const std::lock_guard<std::mutex> lock(mutex);
  for (auto each = places.begin(); each != places.end();) {
    const bool forgotten = each->first != key && each->second.use_count() == 1 && each->second->model.expired();
    each = forgotten ? places.erase(each) : std::next(each);
  }
  std::shared_ptr<Place>& place = places[key];
  if (!place) place = std::make_shared<Place>();
  return place;
}

}  // namespace

std::shared_ptr<SharedModel> SharedModel::load(const std::string& path, const onnx::SessionOptions& options) {
  std::error_code ignored;
  const std::string file = std::filesystem::weakly_canonical(path, ignored).string();
  const std::shared_ptr<Place> place = place_of({file.empty() ? path : file, options.device, options.threads});
  const std::lock_guard<std::mutex> lock(place->mutex);
  std::shared_ptr<SharedModel> model = place->model.lock();
  if (model && model->is_current()) return model;
  model = std::make_shared<SharedModel>(path, options);
  place->model = model;
  return model;
}

SharedModel::SharedModel(const std::string& path, const onnx::SessionOptions& options)
    : path_(path),
      identity_(identity_of(path)),
      session_(onnx::Session::open(*onnx::Library::loaded(), path, options)) {}

bool SharedModel::is_current() const {
  if (identity_of(path_) != identity_) return false;
  for (const auto& [name, identity] : externals_) {
    if (identity_of(beside(path_, name)) != identity) return false;
  }
  return true;
}

EncoderContract SharedModel::contract(const std::optional<WantedSize>& wanted) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int size = wanted ? wanted->size : 0;
  const auto known = contracts_.find(size);
  if (known != contracts_.end()) return known->second;
  EncoderContract contract = read_contract(*session_, path_, wanted);
  for (const std::string& name : contract.external_files) externals_.emplace(name, identity_of(beside(path_, name)));
  contracts_.emplace(size, contract);
  return contract;
}

}  // namespace unreel::clip
