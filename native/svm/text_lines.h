// libsvm's text files, line by line and token by token.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace unreel::svm {

/**
 * Reads a text file through a buffer of about a megabyte, so that a file may be larger than memory. Whatever is not as
 * expected ends with the error code that the caller gave, details path and line. Numbers have a point whatever the
 * process's locale says. One thread.
 */
class TextLines {
 public:
  /// `what` stands before the path in messages: "SVM file". Throws not_found, is_a_directory, not_readable.
  TextLines(std::string path, std::string what, ErrorCode code);

  /// Moves to the next line; false at the end of the file. A last line that is not ended is refused: a cut file must
  /// not pass for a shorter number. Throws io.
  bool next();
  /// The next token of the line, "" at its end. Spaces and tabs part tokens. Valid until next().
  std::string_view token();
  /// What of the line is not read yet.
  std::string_view rest() const { return line_; }
  void require_end_of_line();
  /// Of a line that ends with CRLF.
  void forget_carriage_return();
  /// Back to before the first line. Throws not_readable for what can be read only once: a pipe.
  void rewind();

  /// A finite decimal number: [+-] digits [. digits] [e [+-] digits]. `expected` names it: "a coefficient".
  double decimal(std::string_view text, std::string_view expected) const;
  template <class Integer>
  Integer whole(std::string_view text, std::string_view expected) const {
    Integer value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail(std::string(expected), text);
    return value;
  }
  /// index:value with an index, from 1, above `previous` and at most `most`.
  std::pair<std::size_t, double> feature(std::string_view text, std::size_t previous, std::size_t most) const;

  /// Expected ..., found '...'. `advice` is a sentence that says what to do.
  [[noreturn]] void fail(const std::string& expected, std::string_view found, const std::string& advice = "") const;
  [[noreturn]] void fail_at_end(const std::string& expected) const;

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  bool refill();

  std::string path_;
  std::string what_;
  ErrorCode code_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what is in the buffer and was not given out
  std::string_view line_;
  std::int64_t number_ = 0;  ///< of the line, from 1
};

}  // namespace unreel::svm
