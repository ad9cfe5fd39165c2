#include "media/iso_tables.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "media/iso_boxes.h"
#include "media/memory_source.h"

namespace unreel::media {
namespace {

/// libav looks no deeper, and neither must we: boxes can be nested as deep as a file is long.
constexpr int kDeepest = 11;

/// What libav keeps of a sample: an AVIndexEntry and a composition offset.
constexpr std::int64_t kBytesOfEntry = 32;

/// What libav keeps of a fragment for each track, and once more for itself.
constexpr std::int64_t kBytesOfFragment = 80;

/// So many fragments that are moved to make room for one take libav as long as an index entry, or less.
constexpr std::int64_t kMovesPerEntry = 128;

constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

/// Sums and products that stay at the largest number instead of overflowing; for counts, which are not negative.
std::int64_t sum(std::int64_t a, std::int64_t b) { return a > kUnbounded - b ? kUnbounded : a + b; }
std::int64_t product(std::int64_t a, std::int64_t b) { return b != 0 && a > kUnbounded / b ? kUnbounded : a * b; }

/// Boxes that libav reads as nothing but more boxes.
bool holds_boxes(std::uint32_t type) {
  switch (type) {
    case box_type("moov"):
    case box_type("hoov"):  // a header that somebody meant to hide; libav reads it
    case box_type("trak"):
    case box_type("edts"):
    case box_type("mdia"):
    case box_type("minf"):
    case box_type("dinf"):
    case box_type("stbl"):
    case box_type("mvex"):
    case box_type("moof"):
    case box_type("traf"):
    case box_type("mfra"):
    case box_type("tref"):
    case box_type("udta"):
    case box_type("sinf"):
    case box_type("schi"):
      return true;
    default:
      return false;
  }
}

/// Of one track, what decides how many index entries libav makes of it.
struct TrackTables {
  std::int64_t samples = 0;
  std::int64_t chunks = 0;
  std::int64_t largest_chunk = 0;  ///< samples
  std::int64_t edits = 0;
  std::int64_t samples_in_entry = 512;  ///< of sound whose samples last one tick: libav takes up to 1,024 together
  bool is_sound = false;
  bool has_ticks = false;  ///< every sample lasts one tick of the clock, as those of PCM sound do
  bool has_groups = false;
  std::int64_t grouped = 0;  ///< samples that sample groups and composition offsets speak of

  std::int64_t entries() const {
    // PCM lists each sample of sound; libav then goes by chunks.
    const bool by_chunk = is_sound && has_ticks;
    const std::int64_t once =
        by_chunk ? product(chunks, largest_chunk / samples_in_entry + 1) : std::max(samples, has_groups ? grouped : 0);
    return product(once, std::max<std::int64_t>(edits, 1));
  }
};

class TableCheck {
 public:
  TableCheck(ByteSource& source, const Limits& limits, const Interrupt& interrupt)
      : boxes_(source, interrupt), limits_(limits), interrupt_(interrupt) {}

  /// The boxes in [begin, end), `depth` boxes deep.
  void walk(std::int64_t begin, std::int64_t end, int depth) {
    if (depth > kDeepest) return;
    Box box;
    for (std::int64_t at = begin; boxes_.read(at, end, box) == BoxReader::Outcome::box; at = box.end) {
      box.end = std::min(box.end, end);
      if (box.type == box_type("trak")) {
        walk_track(box, depth);
      } else if (holds_boxes(box.type) || is_header_in_disguise(box)) {
        if (box.type == box_type("moof")) add_fragment(at);
        walk(box.payload, box.end, depth + 1);
      } else {
        look(box, depth);
      }
    }
  }

 private:
  /// libav takes a free box for the header when it finds no other one.
  bool is_header_in_disguise(const Box& box) {
    if (box.type != box_type("free")) return false;
    const std::int64_t type = boxes_.number(box.payload + 4, 4);
    return type == box_type("mvhd") || type == box_type("cmov");
  }

  void walk_track(const Box& box, int depth) {
    check_limit("maxStreams", ++tracks_, limits_.max_streams);
    const TrackTables outer = track_;
    track_ = {};
    walk(box.payload, box.end, depth + 1);
    add_entries(track_.entries());
    track_ = outer;
  }

  void add_entries(std::int64_t entries) {
    entries_ = sum(entries_, entries);
    check_limit("maxIndexEntries", entries_, limits_.max_index_entries);
    check_limit("maxMemoryBytes", product(entries_, kBytesOfEntry), limits_.max_memory_bytes);
  }

  /// libav keeps something of every track for each fragment, there or announced, and sorts them by their places.
  void add_fragment(std::int64_t at) {
    if (fragments_.empty() || fragments_.back() < at) {
      fragments_.push_back(at);
    } else {
      const auto after = std::lower_bound(fragments_.begin(), fragments_.end(), at);
      if (*after == at) return;
      moves_ += fragments_.end() - after;
      check_limit("maxIndexEntries", moves_ / kMovesPerEntry, limits_.max_index_entries);
      fragments_.insert(after, at);
    }
    const auto fragments = static_cast<std::int64_t>(fragments_.size());
    check_limit("maxMemoryBytes", product(fragments, (tracks_ + 1) * kBytesOfFragment), limits_.max_memory_bytes);
  }

  /// `sidx` (8.16.3): where the first fragment begins, counted from the end of the box, and the size of each.
  void look_at_segments(const Box& box) {
    const std::size_t width = boxes_.number(box.payload, 1) == 0 ? 4 : 8;
    const auto offset = static_cast<std::int64_t>(12 + 2 * width);
    std::int64_t at = sum(box.end, std::max<std::int64_t>(boxes_.number(box.payload + offset - width, width), 0));
    each_entry(box, offset + 4, boxes_.number(box.payload + offset + 2, 2), 12, [&](const std::uint8_t* entry) {
      add_fragment(at);
      at = sum(at, number(entry));
    });
  }

  /// `tfra` (8.8.10): the time and the place of each fragment, then three numbers of one to four bytes.
  void look_at_random_access(const Box& box) {
    const bool is_wide = boxes_.number(box.payload, 1) == 1;
    const std::int64_t lengths = boxes_.number(box.payload + 8, 4);
    const auto rest = static_cast<std::size_t>((lengths >> 4 & 3) + (lengths >> 2 & 3) + (lengths & 3) + 3);
    each_entry(box, 16, count(box, 12), (is_wide ? 16 : 8) + rest, [&](const std::uint8_t* entry) {
      add_fragment(is_wide ? number(entry + 8) << 32 | number(entry + 12) : number(entry + 4));
    });
  }

  /// The number of a table's entries, which stands `offset` bytes into its box; libav allocates for it.
  std::int64_t count(const Box& box, std::int64_t offset) {
    const std::int64_t entries = boxes_.number(box.payload + offset, 4);
    check_limit("maxIndexEntries", entries, limits_.max_index_entries);
    return entries;
  }

  /// Tables begin with version and flags, 32 bits; most go on with the number of their entries.
  void look(const Box& box, int depth) {
    switch (box.type) {
      case box_type("stsz"):
      case box_type("stz2"):
        track_.samples = std::max(track_.samples, boxes_.number(box.payload + 8, 4));
        break;
      case box_type("stts"):
        track_.has_ticks = count(box, 4) == 1 && boxes_.number(box.payload + 12, 4) == 1;
        break;
      case box_type("ctts"):
        track_.grouped = std::max(track_.grouped, samples_in(box, 8, count(box, 4)));
        break;
      case box_type("stss"):
      case box_type("stps"):
      case box_type("keys"):
        count(box, 4);
        break;
      case box_type("stsc"):
        track_.largest_chunk = largest_chunk(box);
        break;
      case box_type("stco"):
        track_.chunks = std::min(boxes_.number(box.payload + 4, 4), (box.end - box.payload) / 4);
        break;
      case box_type("co64"):
        track_.chunks = std::min(boxes_.number(box.payload + 4, 4), (box.end - box.payload) / 8);
        break;
      case box_type("sbgp"):
        look_at_groups(box);
        break;
      case box_type("sgpd"):
        // Grouping type, then by version the entries' length and a default.
        count(box, 8 + 4 * std::min<std::int64_t>(boxes_.number(box.payload, 1), 2));
        break;
      case box_type("elst"):
        track_.edits = edits_in(box);
        break;
      case box_type("hdlr"):
        track_.is_sound |= boxes_.number(box.payload + 8, 4) == box_type("soun");
        break;
      case box_type("stsd"):
        if (!is_pcm(boxes_.number(box.payload + 12, 4))) track_.samples_in_entry = 160;
        break;
      case box_type("trun"):
        add_entries(boxes_.number(box.payload + 4, 4));
        break;
      case box_type("sidx"):
        look_at_segments(box);
        break;
      case box_type("tfra"):
        look_at_random_access(box);
        break;
      case box_type("cmov"):
        walk_compressed(box, depth);
        break;
      default:
        break;
    }
  }

  /// libav goes by the size of the box, whatever the table says, and repeats the samples for each edit but a pause at
  /// the beginning.
  std::int64_t edits_in(const Box& box) {
    const bool is_wide = boxes_.number(box.payload, 1) == 1;
    const std::int64_t edits = (box.end - box.payload - 8) / (is_wide ? 20 : 12);
    const bool has_pause =
        is_wide ? boxes_.number(box.payload + 16, 8) == -1 : boxes_.number(box.payload + 12, 4) == 0xffffffff;
    return has_pause ? edits - 1 : edits;
  }

  static bool is_pcm(std::int64_t format) {
    constexpr std::array<std::uint32_t, 11> kFormats{
        box_type("sowt"), box_type("twos"), box_type("raw "), box_type("NONE"), box_type("in24"), box_type("in32"),
        box_type("fl32"), box_type("fl64"), box_type("lpcm"), box_type("ipcm"), box_type("fpcm")};
    return std::find(kFormats.begin(), kFormats.end(), format) != kFormats.end();
  }

  void look_at_groups(const Box& box) {
    const std::int64_t offset = boxes_.number(box.payload, 1) == 1 ? 12 : 8;
    track_.has_groups = true;
    track_.grouped = std::max(track_.grouped, samples_in(box, offset + 4, count(box, offset)));
  }

  /// The samples of a table's entries together; each entry is a number of samples and something else, 32 bits each.
  std::int64_t samples_in(const Box& box, std::int64_t offset, std::int64_t entries) {
    std::int64_t samples = 0;
    each_entry(box, offset, entries, 8, [&](const std::uint8_t* entry) { samples = sum(samples, number(entry)); });
    return samples;
  }

  std::int64_t largest_chunk(const Box& box) {
    std::int64_t largest = 0;
    each_entry(box, 8, boxes_.number(box.payload + 4, 4), 12,
               [&](const std::uint8_t* entry) { largest = std::max(largest, number(entry + 4)); });
    return largest;
  }

  static std::int64_t number(const std::uint8_t* at) {
    return std::int64_t{at[0]} << 24 | std::int64_t{at[1]} << 16 | std::int64_t{at[2]} << 8 | std::int64_t{at[3]};
  }

  /// Those of the entries that are there, `size` bytes each.
  template <class Look>
  void each_entry(const Box& box, std::int64_t offset, std::int64_t entries, std::size_t size, const Look& look_at) {
    std::vector<std::uint8_t> block(size * 4096);
    for (std::int64_t at = box.payload + offset; entries > 0;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(entries, 4096));
      const std::size_t got = boxes_.fill(at, block.data(), wanted * size) / size;
      for (std::size_t i = 0; i < got; ++i) look_at(block.data() + i * size);
      if (got < wanted) return;
      at += static_cast<std::int64_t>(got * size);
      entries -= static_cast<std::int64_t>(got);
    }
  }

  /// QuickTime's `cmov`: `dcom` that names zlib, then `cmvd` with the size of the header and its compressed bytes.
  void walk_compressed(const Box& box, int depth) {
    constexpr std::int64_t kData = 24;
    if (boxes_.number(box.payload + 16, 4) != box_type("cmvd")) return;
    const std::int64_t size = boxes_.number(box.payload + 20, 4);
    check_limit("maxMemoryBytes", size, limits_.max_memory_bytes);
    const std::int64_t compressed = std::min(box.end - box.payload - kData, size);
    if (compressed <= 0) return;
    std::vector<std::uint8_t> data(static_cast<std::size_t>(compressed));
    data.resize(boxes_.fill(box.payload + kData, data.data(), data.size()));
    const auto header = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(size));
    uLongf inflated = static_cast<uLongf>(size);
    if (uncompress(header->data(), &inflated, data.data(), static_cast<uLong>(data.size())) != Z_OK) return;
    const std::shared_ptr<ByteSource> source = make_memory_source("a compressed header", header);
    TableCheck inner(*source, limits_, interrupt_);
    inner.tracks_ = tracks_;
    inner.entries_ = entries_;
    inner.walk(0, size, depth + 1);
    tracks_ = inner.tracks_;
    entries_ = inner.entries_;
  }

  BoxReader boxes_;
  const Limits& limits_;
  const Interrupt& interrupt_;
  TrackTables track_;
  std::int64_t tracks_ = 0;
  std::int64_t entries_ = 0;
  std::vector<std::int64_t> fragments_;  ///< their places, ascending
  std::int64_t moves_ = 0;               ///< of places in libav's list, to make room for one between them
};

}  // namespace

void check_iso_tables(ByteSource& source, const Limits& limits, const Interrupt& interrupt) {
  TableCheck(source, limits, interrupt).walk(0, source.size().value_or(kUnbounded), 1);
}

}  // namespace unreel::media
