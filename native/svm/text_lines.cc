#include "svm/text_lines.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "svm/c_locale.h"

namespace unreel::svm {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;
/// A row of the greatest index with every number in full is a twentieth of it.
constexpr std::size_t kMaxLine = std::size_t{1} << 26;
constexpr const char* kCut = "The file is cut, or its last line lacks its end: copy it again.";
constexpr const char* kComma = "A comma is another locale's point: write the file under the C locale.";

/// The length of the decimal number that `text` begins with; 0 when there is none.
std::size_t decimal_length(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - first;
  };
  const auto skip_sign = [&] {
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  };
  skip_sign();
  std::size_t mantissa = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    mantissa += digits();
  }
  if (mantissa == 0) return 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t before_exponent = at;
    ++at;
    skip_sign();
    if (digits() == 0) at = before_exponent;
  }
  return at;
}

/// The nearest double, infinite when there is none. from_chars does not tell a number that is too small for a double
/// from one that is too large; strtod does.
double value_of(std::string_view text) {
  const std::string_view unsigned_text = text.substr(text.front() == '+' ? 1 : 0);
  double value = 0;
  const auto result = std::from_chars(unsigned_text.data(), unsigned_text.data() + unsigned_text.size(), value);
  if (result.ec == std::errc()) return value;
  const CLocale locale;
  return std::strtod(std::string(text).c_str(), nullptr);
}

/// `text` as a message may show it.
std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 60;
  std::string result(text.substr(0, kShown));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  }
  if (text.size() > kShown) result += "...";
  return result;
}

}  // namespace

TextLines::TextLines(std::string path, std::string what, ErrorCode code)
    : path_(std::move(path)), what_(std::move(what)), code_(code) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::file_status status = fs::status(path_, ignored);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorCode::not_found, "There is no " + what_ + " " + path_ + ".").with("path", path_);
  }
  if (fs::is_directory(status)) {
    throw Error(ErrorCode::is_a_directory, path_ + " is a folder; the path of a file was expected.")
        .with("path", path_);
  }
  file_.reset(std::fopen(path_.c_str(), "rb"));
  if (file_) return;
  throw Error(ErrorCode::not_readable, "The " + what_ + " " + path_ + " cannot be read: " + std::strerror(errno) + ".")
      .with("path", path_);
}

bool TextLines::next() {
  ++number_;
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = buffer_.find('\n', begin_ + searched);
    if (end != std::string::npos) {
      line_ = std::string_view(buffer_).substr(begin_, end - begin_);
      begin_ = end + 1;
      return true;
    }
    searched = buffer_.size() - begin_;
    if (searched > kMaxLine) fail("a line of at most " + std::to_string(kMaxLine) + " bytes", "more");
    if (!refill()) break;
  }
  line_ = {};
  if (searched == 0) return false;
  fail("a line that is ended", std::string_view(buffer_).substr(buffer_.size() - std::min<std::size_t>(searched, 40)),
       kCut);
}

/// Appends a chunk of the file to what was not given out; false at its end.
bool TextLines::refill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kChunk);
  const std::size_t read = std::fread(buffer_.data() + kept, 1, kChunk, file_.get());
  buffer_.resize(kept + read);
  if (std::ferror(file_.get()) != 0) {
    throw Error(ErrorCode::io, "Reading the " + what_ + " " + path_ + " failed: " + std::strerror(errno) + ".")
        .with("path", path_);
  }
  return read > 0;
}

std::string_view TextLines::token() {
  const std::size_t first = line_.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    line_ = {};
    return {};
  }
  line_.remove_prefix(first);
  const std::string_view result = line_.substr(0, line_.find_first_of(" \t"));
  line_.remove_prefix(result.size());
  return result;
}

void TextLines::require_end_of_line() {
  if (const std::string_view extra = token(); !extra.empty()) fail("the end of the line", extra);
}

void TextLines::forget_carriage_return() {
  if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
}

void TextLines::rewind() {
  if (std::fseek(file_.get(), 0, SEEK_SET) != 0) {
    throw Error(ErrorCode::not_readable,
                "The " + what_ + " " + path_ + " can be read only once and must be read twice: save it as a file.")
        .with("path", path_);
  }
  buffer_.clear();
  begin_ = 0;
  line_ = {};
  number_ = 0;
}

double TextLines::decimal(std::string_view text, std::string_view expected) const {
  if (text.empty() || decimal_length(text) != text.size()) {
    const bool comma = text.find(',') != std::string_view::npos;
    fail(std::string(expected) + " as a decimal number with a point", text, comma ? kComma : "");
  }
  const double value = value_of(text);
  if (!std::isfinite(value)) fail(std::string(expected) + " within the range of a double", text);
  return value;
}

std::pair<std::size_t, double> TextLines::feature(std::string_view text, std::size_t previous, std::size_t most) const {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) fail("index:value", text);
  const auto index = whole<std::size_t>(text.substr(0, colon), "index:value with a whole index");
  if (index <= previous) fail("an index greater than " + std::to_string(previous), text);
  if (index > most) fail("an index of at most " + std::to_string(most), text);
  return {index, decimal(text.substr(colon + 1), "a value")};
}

void TextLines::fail(const std::string& expected, std::string_view found, const std::string& advice) const {
  throw Error(code_, "The " + what_ + " " + path_ + " is damaged or of another kind, line " + std::to_string(number_) +
                         ": expected " + expected + ", found '" + shown(found) + "'." +
                         (advice.empty() ? "" : " " + advice))
      .with("path", path_)
      .with("line", number_);
}

void TextLines::fail_at_end(const std::string& expected) const { fail(expected, "the end of the file", kCut); }

}  // namespace unreel::svm
