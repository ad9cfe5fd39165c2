#include "base/error.h"

#include "base/check.h"

namespace unreel {

const ErrorInfo& error_info(ErrorCode code) {
  static const ErrorInfo kTable[] = {
#define UNREEL_ERROR(name, code, category, retryable, doc) {code, category, retryable},
#include "base/errors.def"
#undef UNREEL_ERROR
  };
  const auto index = static_cast<std::size_t>(code);
  UNREEL_CHECK(index < sizeof(kTable) / sizeof(kTable[0]));
  return kTable[index];
}

}  // namespace unreel
