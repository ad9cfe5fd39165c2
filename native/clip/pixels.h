// From preprocessed bytes to the tensor that a model reads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "clip/contract.h"

namespace unreel::clip {

/// Bytes of one picture in the model's input.
std::size_t pixel_bytes(const EncoderContract& contract);

/**
 * crops: count x contract.preprocessing.bytes() bytes. out: count x pixel_bytes(contract), in the input's type and
 * order of axes: ((v / 255) - mean) / std in float32, rounded to float16 where the input is; uint8 as it is.
 */
void fill_pixels(const std::uint8_t* crops, int count, const EncoderContract& contract, std::uint8_t* out);

}  // namespace unreel::clip
