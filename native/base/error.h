// The one exception type of the engine. Rooms throw it; binding/ turns it into a JavaScript error in one place.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace unreel {

enum class ErrorCode {
#define UNREEL_ERROR(name, code, category, retryable, doc) name,
#include "base/errors.def"
#undef UNREEL_ERROR
};

/// What the public documentation says of a code.
struct ErrorInfo {
  const char* code;      ///< "ERR_UNREEL_..."
  const char* category;  ///< "media", "model", ...
  bool retryable;        ///< whether the same call may succeed later without a change
};

const ErrorInfo& error_info(ErrorCode code);

/// The code that is called `code` ("ERR_UNREEL_..."); `internal` where there is none.
ErrorCode error_code_of(std::string_view code);

/// A value in `error.details`: text, whole number or real number.
using ErrorDetail = std::variant<std::string, std::int64_t, double>;

/// Carries a code, a message that says what, where and what to do, and named details for programs.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  /// Adds a detail; returns *this so that a throw stays one expression.
  Error& with(std::string name, ErrorDetail value) & {
    details_.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Error&& with(std::string name, ErrorDetail value) && {
    details_.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
  }

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::vector<std::pair<std::string, ErrorDetail>>& details() const { return details_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
  std::vector<std::pair<std::string, ErrorDetail>> details_;
};

}  // namespace unreel
