#include "media/orientation.h"

#include <cmath>
#include <cstddef>
#include <cstring>

namespace unreel::media {
namespace {

constexpr std::size_t kMatrixNumbers = 9;

Orientation orientation_of_bytes(const std::uint8_t* data, std::size_t size) {
  std::int32_t matrix[kMatrixNumbers];
  if (data == nullptr || size < sizeof matrix) return {};
  std::memcpy(matrix, data, sizeof matrix);
  return orientation_of_matrix(matrix);
}

}  // namespace

Orientation orientation_of_matrix(const std::int32_t* matrix) {
  double a = matrix[0];
  double b = matrix[1];
  const double c = matrix[3];
  const double d = matrix[4];
  Orientation orientation;
  orientation.flipped = a * d - b * c < 0;
  if (orientation.flipped) {
    a = -a;
    b = -b;
  }
  constexpr double kQuarter = 1.57079632679489661923;
  orientation.quarter_turns = static_cast<int>(std::lround(std::atan2(b, a) / kQuarter)) & 3;
  return orientation;
}

Orientation orientation_of(const AVCodecParameters& parameters) {
  const AVPacketSideData* data =
      av_packet_side_data_get(parameters.coded_side_data, parameters.nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX);
  return data == nullptr ? Orientation{} : orientation_of_bytes(data->data, data->size);
}

Orientation orientation_of(const AVFrame& frame) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  return data == nullptr ? Orientation{} : orientation_of_bytes(data->data, data->size);
}

}  // namespace unreel::media
