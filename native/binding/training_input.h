// The rows of a training as JavaScript hands them over.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "binding/napi_setup.h"
#include "contrast/rows.h"
#include "contrast/trainer.h"

namespace unreel::binding {

/// Owns copies of what JavaScript gave, so that it may be used on any thread and the caller may change his arrays.
class TrainingInput {
 public:
  /// source: {x, rows, dims}, or {shards: [{path, offset, rows, type}], places, dims} with two numbers of `places` a
  /// row: its shard and its row there. rows: {labels, validation, videos, groups}; no groups where they are not known.
  TrainingInput(const Napi::Object& source, const Napi::Object& rows);

  /// Borrowed from this object.
  contrast::TrainingRows view() const;

 private:
  std::shared_ptr<std::vector<float>> x_;
  std::shared_ptr<contrast::RowSource> source_;
  std::shared_ptr<std::vector<std::int32_t>> labels_;
  std::shared_ptr<std::vector<std::uint32_t>> videos_, groups_;
  std::shared_ptr<std::vector<std::uint8_t>> validation_;
};

}  // namespace unreel::binding
