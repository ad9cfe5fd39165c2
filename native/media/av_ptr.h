// Owners of libav's structs. A different free function is a different type, so that the wrong one cannot be called.
#pragma once

#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <libswscale/swscale.h>
}

namespace unreel::media {

/// Deleter for libav's free functions that take the address of the pointer and set it to null.
template <class T, auto Free>
struct AvDeleter {
  void operator()(T* object) const { Free(&object); }
};

/// Deleter for those that take the pointer itself.
template <class T, auto Free>
struct AvPlainDeleter {
  void operator()(T* object) const { Free(object); }
};

using UniqueAVPacket = std::unique_ptr<AVPacket, AvDeleter<AVPacket, av_packet_free>>;
using UniqueAVFrame = std::unique_ptr<AVFrame, AvDeleter<AVFrame, av_frame_free>>;
using UniqueAVCodecContext = std::unique_ptr<AVCodecContext, AvDeleter<AVCodecContext, avcodec_free_context>>;
using UniqueAVDictionary = std::unique_ptr<AVDictionary, AvDeleter<AVDictionary, av_dict_free>>;
using UniqueSwsContext = std::unique_ptr<SwsContext, AvPlainDeleter<SwsContext, sws_freeContext>>;
/// Closes the file. Writers close with avio_closep() themselves to see its error.
using UniqueAVIOContext = std::unique_ptr<AVIOContext, AvDeleter<AVIOContext, avio_closep>>;
/// Does not close its AVIOContext, which outlives it.
using UniqueDecodingAVFormatContext =
    std::unique_ptr<AVFormatContext, AvDeleter<AVFormatContext, avformat_close_input>>;
using UniqueEncodingAVFormatContext =
    std::unique_ptr<AVFormatContext, AvPlainDeleter<AVFormatContext, avformat_free_context>>;

/// Throw out_of_memory.
UniqueAVPacket make_packet();
UniqueAVFrame make_frame();

}  // namespace unreel::media
