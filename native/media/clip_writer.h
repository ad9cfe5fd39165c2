// Writes a video clip: RGB frames in, one encoded stream in an MP4, Matroska or AVI file out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace unreel::media {

struct ClipOptions {
  std::string codec = "mpeg4";  ///< "mpeg4", "mjpeg" or "ffv1"
  int width = 0;                ///< even for mpeg4 and mjpeg
  int height = 0;
  int fps_numerator = 25;
  int fps_denominator = 1;
  int quality = 4;  ///< mpeg4 and mjpeg: fixed quantiser 1 (best) to 31
  int gop = 25;     ///< frames from one key frame to the next
};

/// One thread at a time. The file gets its name in finish(); an unfinished clip leaves nothing behind.
class ClipWriter {
 public:
  /// The container follows from the path's ending (.mp4, .mkv, .avi). Throws invalid_argument, output_not_writable.
  static std::unique_ptr<ClipWriter> open(const std::string& path, const ClipOptions& options);
  virtual ~ClipWriter() = default;

  /// One frame, height x width x 3 bytes of RGB. Throws write_failed.
  virtual void write(const std::uint8_t* rgb) = 0;

  /// Drains the encoder, writes the trailer and renames the file into place. Throws write_failed.
  virtual void finish() = 0;
};

}  // namespace unreel::media
