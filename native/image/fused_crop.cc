#include "image/fused_crop.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/byte_buffer.h"
#include "base/check.h"
#include "image/color.h"
#include "image/color_lines.h"
#include "image/picture_region.h"
#include "image/placement.h"
#include "image/resize_kernels.h"
#include "image/rgb_lines.h"

namespace unreel::image {
namespace {

constexpr std::int64_t kGroup = 4;

std::int64_t first_group(const Axis& axis) { return axis.begin / kGroup; }

std::int64_t most_groups(const Axis& axis) {
  std::int64_t most = 0;
  for (const GroupTap& tap : axis.group_taps) most = std::max(most, tap.count);
  return most;
}

/**
 * Narrowed rows in groups of 4, as long as an output row may want them. A tap of n groups is waited for with n - 1 of
 * them there at most, and a block is added at once.
 */
class GroupRing {
 public:
  GroupRing(const Axis& rows, std::size_t length, std::size_t block_groups)
      : groups_(static_cast<std::size_t>(most_groups(rows)) + block_groups),
        length_(length),
        dwords_(sizeof(std::uint32_t) * groups_ * length) {}

  std::uint32_t* at(std::size_t group) const {
    return reinterpret_cast<std::uint32_t*>(dwords_.data()) + group % groups_ * length_;
  }

 private:
  std::size_t groups_;
  std::size_t length_;
  ByteBuffer dwords_;
};

/// Where the upright rows [begin, end) are found among the lines of a picture. Rows behind the end stand for its last.
struct LineOrder {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool reversed = false;

  int line_of(std::int64_t row) const {
    const std::int64_t within = std::min(row, end - 1);
    return static_cast<int>(reversed ? end - 1 - within : within - begin);
  }
};

/// Both passes over lines that begin with the first group of `columns`, `length` samples each.
void resize_lines(RgbLines& lines, std::size_t length, const LineOrder& order, const Axis& columns, const Axis& rows,
                  std::uint8_t* out) {
  const std::size_t size = columns.group_taps.size();
  const std::size_t block_rows = rows_of_block();
  const std::size_t block_groups = block_rows / kGroup;
  const ByteBuffer block(bytes_of_block(length, block_rows));
  const ByteBuffer scratch(bytes_of_narrowed(size));
  const GroupRing ring(rows, padded_length(size), block_groups);
  std::vector<const std::uint32_t*> wanted(static_cast<std::size_t>(most_groups(rows)));

  const std::int64_t base = first_group(rows);
  std::int64_t ready = base;  // groups before this one are in the ring
  std::size_t output = 0;
  while (output < rows.group_taps.size()) {
    int numbers[kMostRows];
    for (std::size_t r = 0; r < block_rows; ++r) {
      numbers[r] = order.line_of(ready * kGroup + static_cast<std::int64_t>(r));
    }
    lines.fill_block(numbers, block.data());
    std::uint32_t* groups[kMostRows / kGroup];
    for (std::size_t g = 0; g < block_groups; ++g) groups[g] = ring.at(static_cast<std::size_t>(ready - base) + g);
    narrow_block(block.data(), columns, first_group(columns), scratch.data(), groups);
    ready += static_cast<std::int64_t>(block_groups);

    for (; output < rows.group_taps.size(); ++output, out += 3 * size) {
      const GroupTap& tap = rows.group_taps[output];
      if (tap.first + tap.count > ready) break;
      for (std::int64_t g = 0; g < tap.count; ++g) {
        wanted[static_cast<std::size_t>(g)] = ring.at(static_cast<std::size_t>(tap.first - base + g));
      }
      resize_column_groups(wanted.data(), rows, output, 3 * size, out);
    }
  }
}

struct Directions {
  bool by_rows = true;
  bool mirrored = false;  ///< along a line
  bool reversed = false;  ///< across the lines
};

Directions directions_of(const Picture& picture) {
  const Placement place = placement_of(picture);
  const bool by_rows = along_of(picture) == Along::rows;
  return {by_rows, (by_rows ? place.step_x : place.step_y) < 0, (by_rows ? place.step_y : place.step_x) < 0};
}

void crop_by_lines(const Picture& picture, const CropPlan& plan, std::uint8_t* out) {
  const Directions directions = directions_of(picture);
  AxisSpec along = plan.columns;
  along.mirrored = directions.mirrored;
  const auto columns = axis_of(along);
  const auto rows = axis_of(plan.rows);

  const auto begin = static_cast<int>(first_group(*columns) * kGroup);
  const auto length = static_cast<int>(columns->end) - begin;
  const Picture part = region_of(
      picture, directions.by_rows ? Region{begin, 0, length, picture.height} : Region{0, begin, picture.width, length});
  const std::unique_ptr<RgbLines> lines = rgb_lines_of(part);
  resize_lines(*lines, static_cast<std::size_t>(length), {0, plan.rows.in, directions.reversed}, *columns, *rows, out);
}

/// Stored samples [begin, begin + length) of which the upright ones [skip, ...) are wanted.
struct Stretch {
  int begin = 0;
  int length = 0;
  int skip = 0;
};

/// For upright samples [begin, end) of `count`; chroma samples span 2^shift.
Stretch stretch_of(std::int64_t begin, std::int64_t end, std::int64_t count, bool mirrored, int shift) {
  const std::int64_t first = mirrored ? count - end : begin;
  const std::int64_t aligned = first >> shift << shift;
  const std::int64_t last = mirrored ? count - begin : end;
  return {static_cast<int>(aligned), static_cast<int>(last - aligned),
          mirrored ? 0 : static_cast<int>(first - aligned)};
}

void crop_by_rgb(const Picture& picture, const CropPlan& plan, std::uint8_t* out) {
  const Directions directions = directions_of(picture);
  const auto columns = axis_of(plan.columns);
  const auto rows = axis_of(plan.rows);
  const PixelLayout& layout = picture.layout;
  const std::int64_t left = first_group(*columns) * kGroup;
  const std::int64_t top = first_group(*rows) * kGroup;
  const Stretch x = stretch_of(left, columns->end, plan.columns.in, directions.mirrored,
                               directions.by_rows ? layout.chroma_shift_x : layout.chroma_shift_y);
  const Stretch y = stretch_of(top, rows->end, plan.rows.in, directions.reversed,
                               directions.by_rows ? layout.chroma_shift_y : layout.chroma_shift_x);
  const Picture part = region_of(picture, directions.by_rows ? Region{x.begin, y.begin, x.length, y.length}
                                                             : Region{y.begin, x.begin, y.length, x.length});
  const std::ptrdiff_t stride = 3 * std::ptrdiff_t{x.length};
  const ByteBuffer rgb(static_cast<std::size_t>(stride) * static_cast<std::size_t>(y.length));
  to_rgb(part, rgb.data());

  Picture view = rgb_picture(rgb.data() + y.skip * stride + 3 * x.skip, x.length - x.skip, y.length - y.skip);
  view.strides[0] = stride;
  const std::unique_ptr<RgbLines> lines = rgb_lines_of(view);
  resize_lines(*lines, static_cast<std::size_t>(view.width), {top, rows->end, false}, *columns, *rows, out);
}

void crop_horizontal_first(const Picture& picture, const CropPlan& plan, std::uint8_t* out) {
  if (has_line_kernels(picture)) {
    crop_by_lines(picture, plan, out);
  } else {
    crop_by_rgb(picture, plan, out);
  }
}

/// The same with rows and columns exchanged: to turn by t and then exchange is to mirror and turn by 3 - t.
void crop_vertical_first(const Picture& picture, const CropPlan& plan, std::uint8_t* out) {
  Picture exchanged = picture;
  exchanged.quarter_turns = 3 - picture.quarter_turns;
  exchanged.flipped = !picture.flipped;
  const auto size = static_cast<std::size_t>(plan.rows.size);
  const ByteBuffer crop(3 * size * size);
  crop_horizontal_first(exchanged, {plan.rows, plan.columns}, crop.data());
  for (std::size_t y = 0; y < size; ++y) {
    for (std::size_t x = 0; x < size; ++x) std::copy_n(crop.data() + 3 * (x * size + y), 3, out + 3 * (y * size + x));
  }
}

}  // namespace

void fused_crop(const Picture& picture, const CropPlan& plan, std::uint8_t* out) {
  UNREEL_CHECK(plan.columns.in == picture.shown_width() && plan.rows.in == picture.shown_height());
  if (plan.vertical_first) {
    crop_vertical_first(picture, plan, out);
  } else {
    crop_horizontal_first(picture, plan, out);
  }
}

}  // namespace unreel::image
