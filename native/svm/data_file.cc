#include "svm/data_file.h"

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "svm/dense_limits.h"
#include "svm/text_lines.h"

namespace unreel::svm {
namespace {

class DataReader {
 public:
  DataReader(const std::string& path, std::optional<std::size_t> dims, const CancelToken& cancel)
      : path_(path), lines_(path, "SVM data file", ErrorCode::svm_data_invalid), dims_(dims), cancel_(cancel) {}

  LabelledRows read() {
    measure();
    data_.dims = dims_.value_or(greatest_);
    require_size();
    data_.x.resize(data_.rows * data_.dims);
    data_.labels.reserve(data_.rows);
    dims_ = data_.dims;
    lines_.rewind();
    fill();
    return std::move(data_);
  }

 private:
  /// The first pass: everything is checked and counted.
  void measure() {
    while (next_line()) {
      read_label();
      greatest_ = std::max(greatest_, read_features([&](std::size_t, double) { ++numbers_; }));
      ++data_.rows;
    }
    if (data_.rows == 0) lines_.fail("at least one row", "the end of the file");
    if (greatest_ == 0 && !dims_) lines_.fail("at least one feature in a row", "the end of the file");
  }

  void fill() {
    const std::string changed = "as many rows as a moment ago: the file changes while it is read";
    double* row = data_.x.data();
    for (; next_line(); row += data_.dims) {
      if (data_.labels.size() == data_.rows) lines_.fail(changed, lines_.rest());
      data_.labels.push_back(read_label());
      read_features([&](std::size_t index, double value) { row[index - 1] = value; });
    }
    if (data_.labels.size() < data_.rows) lines_.fail(changed, "the end of the file");
  }

  bool next_line() {
    constexpr std::size_t kBetweenLooks = 256;
    if (++looked_ % kBetweenLooks == 0) cancel_.throw_if_cancelled();
    if (!lines_.next()) return false;
    lines_.forget_carriage_return();
    return true;
  }

  std::int32_t read_label() {
    const std::string_view label = lines_.token();
    if (label == "1" || label == "+1") return 1;
    if (label == "0" || label == "-1") return 0;
    lines_.fail("a label, 1 or +1 (fake), 0 or -1 (real)", label);
  }

  /// Calls take(index, value) for each feature of the line; returns the greatest index, 0 when there is none.
  template <class Take>
  std::size_t read_features(Take take) {
    const std::size_t most = dims_.value_or(kMaxDims);
    std::size_t previous = 0;
    for (std::string_view text = lines_.token(); !text.empty(); text = lines_.token()) {
      const auto [index, value] = lines_.feature(text, previous, most);
      take(index, value);
      previous = index;
    }
    return previous;
  }

  void require_size() const {
    if (!too_large(data_.rows, data_.dims, numbers_)) return;
    throw Error(ErrorCode::limit_exceeded,
                "The SVM data file " + path_ + " asks for " + std::to_string(data_.rows) + " rows of " +
                    std::to_string(data_.dims) + " numbers, which is more than " + std::to_string(kMaxNumbers) +
                    " or a thousand times what it holds. Split it, or give its features lower indices.")
        .with("path", path_)
        .with("limit", "numbers")
        .with("rows", static_cast<std::int64_t>(data_.rows))
        .with("dims", static_cast<std::int64_t>(data_.dims));
  }

  const std::string& path_;
  TextLines lines_;
  std::optional<std::size_t> dims_;
  const CancelToken& cancel_;
  std::size_t looked_ = 0;
  std::size_t greatest_ = 0;  ///< index
  std::size_t numbers_ = 0;   ///< features in the file
  LabelledRows data_;
};

}  // namespace

LabelledRows read_data_file(const std::string& path, std::optional<std::size_t> dims, const CancelToken& cancel) {
  if (dims && (*dims == 0 || *dims > kMaxDims)) {
    throw Error(ErrorCode::invalid_argument,
                "dims must lie between 1 and " + std::to_string(kMaxDims) + ", got " + std::to_string(*dims) + ".")
        .with("argument", "dims");
  }
  return DataReader(path, dims, cancel).read();
}

}  // namespace unreel::svm
