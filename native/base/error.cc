#include "base/error.h"

#include <cstddef>
#include <iterator>

#include "base/check.h"

namespace unreel {
namespace {

/// By ErrorCode.
constexpr ErrorInfo kTable[] = {
#define UNREEL_ERROR(name, code, category, retryable, doc) {code, category, retryable},
#include "base/errors.def"
#undef UNREEL_ERROR
};

}  // namespace

const ErrorInfo& error_info(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  UNREEL_CHECK(index < std::size(kTable));
  return kTable[index];
}

ErrorCode error_code_of(std::string_view code) {
  for (std::size_t i = 0; i < std::size(kTable); ++i) {
    if (kTable[i].code == code) return static_cast<ErrorCode>(i);
  }
  return ErrorCode::internal;
}

}  // namespace unreel
