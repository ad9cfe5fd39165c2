// libav's error numbers as unreel's errors.
#pragma once

#include <string>

#include "base/error.h"

namespace unreel::media {

/// libav's own words for an AVERROR, without a full stop.
std::string av_error_text(int averror);

/// An Error with the details {averror, averrorText}.
Error av_failure(ErrorCode code, const std::string& message, int averror);

/// Throws what no input can be blamed for: out_of_memory for ENOMEM, aborted for AVERROR_EXIT (the interrupt callback).
void throw_if_not_input(int averror);

/// `pointer`, or throws out_of_memory when an allocation of libav's gave null.
template <class T>
T* av_allocated(T* pointer) {
  if (pointer == nullptr) throw Error(ErrorCode::out_of_memory, "libav could not allocate memory.");
  return pointer;
}

}  // namespace unreel::media
