#include "media/limits.h"

#include <string>

namespace unreel::media {

void check_limit(const char* limit, std::int64_t value, std::int64_t maximum) {
  if (value <= maximum) return;
  throw Error(ErrorCode::limit_exceeded, "The input needs " + std::string(limit) + " " + std::to_string(value) +
                                             ", the limit is " + std::to_string(maximum) + ". Raise limits." + limit +
                                             " if you trust the input.")
      .with("limit", limit)
      .with("value", value)
      .with("maximum", maximum);
}

Error limit_reached(const char* limit, std::int64_t maximum) {
  return Error(ErrorCode::limit_exceeded, "The input took longer than " + std::string(limit) + ", " +
                                              std::to_string(maximum) + " ms. Raise limits." + limit +
                                              " if you trust the input.")
      .with("limit", limit)
      .with("maximum", maximum);
}

}  // namespace unreel::media
