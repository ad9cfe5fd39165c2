#include "contrast/shard_rows.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/half.h"

namespace unreel::contrast {
namespace {

/// Bytes that one read asks for at most.
constexpr std::size_t kMostRead = std::size_t{1} << 20;

std::vector<std::string> paths_of(const std::vector<Shard>& shards) {
  std::vector<std::string> paths;
  for (const Shard& shard : shards) paths.push_back(shard.path);
  return paths;
}

Error damaged(const std::string& path, const std::string& why) {
  return Error(ErrorCode::store_corrupt, path + " is damaged: " + why).with("path", path);
}

std::shared_ptr<const UniqueFd> open_shard(OpenFiles& files, std::size_t shard) {
  try {
    return files.get(shard);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    throw damaged(files.path(shard), "it is missing");
  }
}

void to_floats(const char* bytes, ElementType type, std::size_t count, float* out) {
  if (type == ElementType::float32) {
    std::memcpy(out, bytes, count * sizeof(float));
  } else {
    halves_to_floats(reinterpret_cast<const std::uint16_t*>(bytes), count, out);
  }
}

}  // namespace

/// A row of the call, and where it lies.
struct ShardRows::Wanted {
  RowPlace place;
  std::size_t at;  ///< in the call

  bool operator<(const Wanted& other) const {
    return place.shard != other.place.shard ? place.shard < other.place.shard : place.row < other.place.row;
  }
};

ShardRows::ShardRows(std::vector<Shard> shards, std::size_t dims, std::vector<RowPlace> places)
    : shards_(std::move(shards)), dims_(dims), places_(std::move(places)), files_(paths_of(shards_), kMostOpen) {
  for (const RowPlace& place : places_) {
    UNREEL_CHECK(place.shard < shards_.size() && place.row < shards_[place.shard].rows);
  }
}

void ShardRows::gather(const std::size_t* rows, std::size_t count, float* out) const {
  std::vector<Wanted> wanted(count);
  for (std::size_t i = 0; i < count; ++i) wanted[i] = {places_[rows[i]], i};
  std::sort(wanted.begin(), wanted.end());

  std::vector<char> buffer;
  for (std::size_t begin = 0; begin < count;) {
    const RowPlace first = wanted[begin].place;
    const auto most = static_cast<std::uint32_t>(std::max<std::size_t>(kMostRead / row_bytes(shards_[first.shard]), 1));
    std::size_t end = begin + 1;
    while (end < count && wanted[end].place.shard == first.shard && wanted[end].place.row - first.row < most &&
           wanted[end].place.row - wanted[end - 1].place.row <= 1) {
      ++end;
    }
    read_run(wanted.data() + begin, wanted.data() + end, buffer, out);
    begin = end;
  }
  require_finite_rows(out, rows, count, dims_);
}

std::size_t ShardRows::row_bytes(const Shard& shard) const {
  return dims_ * (shard.type == ElementType::float16 ? sizeof(std::uint16_t) : sizeof(float));
}

void ShardRows::read_run(const Wanted* begin, const Wanted* end, std::vector<char>& buffer, float* out) const {
  const RowPlace first = begin->place;
  const Shard& shard = shards_[first.shard];
  const std::size_t stride = row_bytes(shard);
  const std::size_t bytes = (end[-1].place.row - first.row + 1) * stride;
  if (buffer.size() < bytes) buffer.resize(bytes);
  const auto fd = open_shard(files_, first.shard);
  const std::size_t got = read_at(*fd, shard.path, shard.offset + first.row * stride, bytes, buffer.data());
  if (got != bytes) {
    throw damaged(shard.path,
                  "it ends in row " + std::to_string(first.row + got / stride) + " of " + std::to_string(shard.rows));
  }
  for (const Wanted* each = begin; each != end; ++each) {
    to_floats(buffer.data() + (each->place.row - first.row) * stride, shard.type, dims_, out + each->at * dims_);
  }
}

}  // namespace unreel::contrast
