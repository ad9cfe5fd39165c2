// An input taken apart into the packets of its best video stream.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "media/av_ptr.h"
#include "media/byte_input.h"
#include "media/byte_source.h"
#include "media/limits.h"
#include "media/packet_index.h"

namespace unreel::media {

/**
 * Opens a source, finds its best video stream and reads that stream's packets. Not thread-safe; several demuxers may
 * read one source.
 *
 * The container is recognised by content alone, never by the name's ending. Nothing but the source is read: libav may
 * open no file of its own accord.
 */
class Demuxer {
 public:
  /// Throws what Video::open() throws for the file and its streams. Limits on bytes, streams and tables, and on the
  /// pixels that the container announces, are checked here. `interrupt` outlives the demuxer and ends its waits.
  Demuxer(std::shared_ptr<ByteSource> source, const Limits& limits, const Interrupt& interrupt);
  Demuxer(const Demuxer&) = delete;
  Demuxer& operator=(const Demuxer&) = delete;

  /// The next packet of the stream; false at the end, which for a cut-off or damaged file is where reading stopped.
  /// Packets without bytes are passed over: they say "nothing changed" and bring no frame. Throws aborted, io,
  /// out_of_memory.
  bool read(AVPacket& packet);

  /// So that the next read() gives the packet that `target` describes; false where no seek of libav's leads there, and
  /// then the place is not known: rewind() or seek() again. Throws as read().
  bool seek(const PacketEntry& target);

  /// Back to the first packet: by seeking where that provably leads there, else by opening the file again.
  void rewind();

  const std::shared_ptr<ByteSource>& source() const { return source_; }
  /// What messages call the input.
  const std::string& name() const { return source_->name(); }
  const AVFormatContext& format() const { return *format_; }
  const AVStream& stream() const { return *format_->streams[stream_]; }
  const AVCodec& codec() const { return *codec_; }  ///< the decoder for stream()
  double sample_aspect_ratio() const;               ///< of the stored picture; 1 where the file says nothing

  /// Whether libav's name for the container is `name`, one name among those of a demuxer ("mp4" of "mov,mp4,m4a").
  bool is_container(const char* name) const;

  /// Throws truncated when the container's own table lists packets of the stream beyond the end of the file. Containers
  /// without such a table pass.
  void check_table() const;

 private:
  /// What tells one packet of a file from another.
  struct PacketMark {
    std::int64_t pos = 0;
    std::int64_t pts = 0;
    std::int64_t dts = 0;
    int size = 0;
    int side_data = 0;  ///< pieces of it: a palette comes with the first packet once, and not again after seeking
    bool operator==(const PacketMark& other) const {
      return pos == other.pos && pts == other.pts && dts == other.dts && size == other.size &&
             side_data == other.side_data;
    }
  };

  static PacketMark mark_of(const AVPacket& packet);
  static int interrupted(void* self);
  static int refuse_to_open(AVFormatContext*, AVIOContext**, const char* url, int flags, AVDictionary** options);
  /// After a call into libav: throws what reading failed with and what interrupted it, since demuxers turn both into
  /// errors of their own, or into success; then what no input can be blamed for.
  void check(int result) const;
  void open();
  const AVInputFormat& recognised_format();
  void open_container(const AVInputFormat& format);
  void check_streams();
  void choose_stream();
  void check_pixels() const;
  bool read_next(AVPacket& packet);
  bool seek_to_start();

  std::shared_ptr<ByteSource> source_;
  Limits limits_;
  const Interrupt& interrupt_;
  std::unique_ptr<ByteInput> input_;
  UniqueDecodingAVFormatContext format_;
  const AVCodec* codec_ = nullptr;
  int stream_ = -1;
  std::int64_t refused_pixels_ = 0;  ///< of a picture that is larger than libav takes
  bool weakly_recognised_ = false;   ///< libav itself warns of mistaking other bytes for media at such a score
  bool is_at_start_ = true;          ///< nothing was read or sought since the source was opened
  std::optional<PacketMark> first_;
  UniqueAVPacket ahead_;  ///< a packet that was read to look at and is the next to hand out
};

}  // namespace unreel::media
