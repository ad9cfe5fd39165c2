#include "binding/training_input.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "binding/values.h"
#include "contrast/shard_rows.h"

namespace unreel::binding {
namespace {

contrast::Shard shard_argument(const Napi::Object& object) {
  contrast::Shard shard;
  shard.path = string_argument(object.Get("path"));
  shard.offset = size_argument(object.Get("dataOffset"));
  shard.rows = size_argument(object.Get("rows"));
  const bool half = string_argument(object.Get("dtype")) == "<f2";
  shard.type = half ? contrast::ElementType::float16 : contrast::ElementType::float32;
  return shard;
}

std::shared_ptr<contrast::RowSource> shard_rows(const Napi::Object& source) {
  const auto list = source.Get("shards").As<Napi::Array>();
  std::vector<contrast::Shard> shards;
  for (std::uint32_t i = 0; i < list.Length(); ++i) shards.push_back(shard_argument(list.Get(i).As<Napi::Object>()));
  const auto numbers = copy_of<std::uint32_t>(source.Get("places"));
  std::vector<contrast::RowPlace> places;
  places.reserve(numbers->size() / 2);
  for (std::size_t i = 0; i + 1 < numbers->size(); i += 2) places.push_back({(*numbers)[i], (*numbers)[i + 1]});
  return std::make_shared<contrast::ShardRows>(std::move(shards), size_argument(source.Get("dims")), std::move(places));
}

}  // namespace

TrainingInput::TrainingInput(const Napi::Object& source, const Napi::Object& rows)
    : labels_(copy_of<std::int32_t>(rows.Get("labels"))),
      videos_(copy_of<std::uint32_t>(rows.Get("videos"))),
      groups_(copy_of<std::uint32_t>(rows.Get("groups"))),
      validation_(copy_of<std::uint8_t>(rows.Get("validation"))) {
  if (source.Has("shards")) {
    source_ = shard_rows(source);
  } else {
    x_ = copy_of<float>(source.Get("x"));
    const std::size_t count = size_argument(source.Get("rows"));
    const std::size_t dims = size_argument(source.Get("dims"));
    UNREEL_CHECK(x_->size() == count * dims);
    source_ = std::make_shared<contrast::MemoryRows>(x_->data(), count, dims);
  }
  const std::size_t count = source_->rows();
  UNREEL_CHECK(labels_->size() == count && validation_->size() == count && videos_->size() == count);
  UNREEL_CHECK(groups_->empty() || groups_->size() == count);
}

contrast::TrainingRows TrainingInput::view() const {
  return {source_.get(), labels_->data(), validation_->data(), videos_->data(),
          groups_->empty() ? nullptr : groups_->data()};
}

}  // namespace unreel::binding
