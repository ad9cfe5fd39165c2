#include "svm/model_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string_view>

#include "base/error.h"
#include "svm/c_locale.h"

namespace unreel::svm {
namespace {

/// Bounds that no model of embeddings reaches and a damaged index or count does.
constexpr std::size_t kMaxDims = std::size_t{1} << 16;
constexpr std::size_t kMaxVectors = std::size_t{1} << 27;
constexpr std::size_t kMaxNumbers = std::size_t{1} << 30;
/// Zeros that the file leaves out: more of them for each number that it holds is no model of embeddings.
constexpr std::size_t kMaxSparsity = 1024;

/// libsvm's names, in the order of the enums.
constexpr std::array<std::string_view, 3> kFormulations = {"c_svc", "nu_svc", "one_class"};
constexpr std::array<std::string_view, 4> kKernels = {"linear", "polynomial", "rbf", "sigmoid"};
/// Source: libsvm 3.37 svm.cpp, svm_save_model.
constexpr std::size_t kDensityMarks = 10;

/// The length of the decimal number that `text` begins with: [+-] digits [. digits] [e [+-] digits]; 0 when there is
/// none.
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

const std::string kCut = "The file is cut: copy it again.";
const std::string kComma = "A comma is another locale's point: write the file under the C locale.";

class Parser {
 public:
  Parser(const std::string& text, const std::string& path) : rest_(text), path_(path) {}

  DecisionFunction parse() {
    read_header();
    svc_.coefficients.reserve(std::min<std::size_t>(total_, 4096));
    while (svc_.coefficients.size() < total_) read_vector();
    if (!rest_.empty()) {
      next_line("");
      fail("the end of the file after " + std::to_string(total_) + " support vectors, as total_sv says", line_);
    }
    if (svc_.dims == 0) fail("at least one feature in a support vector", "none");
    densify();
    return std::move(svc_);
  }

 private:
  using Keys = std::set<std::string, std::less<>>;

  struct Feature {
    std::size_t vector;
    std::size_t index;  ///< from 0
    double value;
  };

  [[noreturn]] void fail(const std::string& expected, std::string_view found, const std::string& advice = "") const {
    constexpr std::size_t kShown = 60;
    std::string shown(found.substr(0, kShown));
    for (char& c : shown) {
      if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
    }
    if (found.size() > kShown) shown += "...";
    throw Error(ErrorCode::svm_invalid, "The SVM file " + path_ + " is damaged or of another kind, line " +
                                            std::to_string(line_number_) + ": expected " + expected + ", found '" +
                                            shown + "'." + (advice.empty() ? "" : " " + advice))
        .with("path", path_)
        .with("line", static_cast<std::int64_t>(line_number_));
  }

  /// Moves to the next line, which must be there and be ended: a cut file must not pass for a shorter number.
  void next_line(const std::string& expected) {
    ++line_number_;
    if (rest_.empty()) fail(expected, "the end of the file", kCut);
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos)
      fail("a line that is ended", rest_.substr(rest_.size() - std::min<std::size_t>(rest_.size(), 40)), kCut);
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
  }

  /// The next token of the line, "" at its end. Spaces and tabs part tokens.
  std::string_view token() {
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

  void end_of_line() {
    if (const std::string_view extra = token(); !extra.empty()) fail("the end of the line", extra);
  }

  template <class Integer>
  Integer whole(std::string_view text, const std::string& expected) const {
    Integer value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail(expected, text);
    return value;
  }

  /// The text lies inside the file's string, so that something ends every number: a space, a newline or the final NUL.
  double decimal(std::string_view text, const std::string& expected) const {
    if (text.empty() || decimal_length(text) != text.size()) {
      const bool comma = text.find(',') != std::string_view::npos;
      fail(expected + " as a decimal number with a point", text, comma ? kComma : "");
    }
    const double value = std::strtod(text.data(), nullptr);
    if (!std::isfinite(value)) fail(expected + " within the range of a double", text);
    return value;
  }

  void read_header() {
    Keys seen;
    while (true) {
      next_line("a header line or SV");
      const std::string key(token());
      if (key == "SV") break;
      if (!seen.insert(key).second) fail("each header line once", key);
      read_header_line(key);
      end_of_line();
    }
    end_of_line();
    require_header(seen);
    forget_unused();
  }

  void require_header(const Keys& seen) const {
    const auto require = [&](const char* key) {
      if (seen.count(key) == 0) fail(std::string("the header line ") + key + " before SV", "SV");
    };
    for (const char* key : {"svm_type", "kernel_type", "nr_class", "total_sv", "rho"}) require(key);
    const Kernel kernel = svc_.kernel.kind;
    if (kernel == Kernel::polynomial) require("degree");
    if (kernel != Kernel::linear) require("gamma");
    if (kernel == Kernel::polynomial || kernel == Kernel::sigmoid) require("coef0");
    const bool one_class = svc_.formulation == Formulation::one_class;
    const std::vector<const char*> of_two = {"label", "nr_sv", "probA", "probB"};
    for (const char* key : one_class ? of_two : std::vector<const char*>{"prob_density_marks"}) {
      if (seen.count(key) != 0) fail(std::string("no header line ") + key + " for this svm_type", key);
    }
    if (one_class) return;
    require("label");
    require("nr_sv");
    if (svc_.counts[0] + svc_.counts[1] != total_) {
      fail("nr_sv that adds up to total_sv = " + std::to_string(total_),
           std::to_string(svc_.counts[0]) + " + " + std::to_string(svc_.counts[1]));
    }
  }

  /// libsvm takes lines that the kernel does not use; in a KernelFunction such a number is 0.
  void forget_unused() {
    KernelFunction& kernel = svc_.kernel;
    if (kernel.kind == Kernel::linear) kernel.gamma = 0;
    if (kernel.kind == Kernel::linear || kernel.kind == Kernel::rbf) kernel.coef0 = 0;
    if (kernel.kind != Kernel::polynomial) kernel.degree = 0;
  }

  void read_header_line(const std::string& key) {
    if (key == "svm_type") {
      read_formulation();
    } else if (key == "kernel_type") {
      read_kernel();
    } else if (key == "nr_class") {
      if (const std::string_view found = token(); found != "2") {
        fail("nr_class 2 (real and fake)", found, "Train with two labels, 1 and 0.");
      }
    } else if (key == "degree") {
      const std::string_view text = token();
      svc_.kernel.degree = whole<int>(text, "degree as a whole number");
      if (svc_.kernel.degree < 0) fail("degree of at least 0", text);
    } else if (key == "coef0") {
      svc_.kernel.coef0 = decimal(token(), "coef0");
    } else if (key == "gamma") {
      const std::string_view text = token();
      svc_.kernel.gamma = decimal(text, "gamma");
      if (svc_.kernel.gamma < 0) fail("gamma of at least 0", text);
    } else if (key == "total_sv") {
      total_ = read_count("total_sv");
      if (total_ == 0) fail("at least one support vector", "0");
    } else if (key == "rho") {
      svc_.rho = decimal(token(), "rho");
    } else if (key == "label") {
      read_labels();
    } else if (key == "nr_sv") {
      svc_.counts = {read_count("nr_sv of the first class"), read_count("nr_sv of the second class")};
    } else if (key == "probA" || key == "probB") {
      decimal(token(), key);
    } else if (key == "prob_density_marks") {
      for (std::size_t mark = 0; mark < kDensityMarks; ++mark) decimal(token(), "ten prob_density_marks, each");
    } else {
      fail(
          "svm_type, kernel_type, degree, gamma, coef0, nr_class, total_sv, rho, label, probA, probB, "
          "prob_density_marks, nr_sv or SV",
          key);
    }
  }

  void read_formulation() {
    const std::string_view name = token();
    const auto found = std::find(kFormulations.begin(), kFormulations.end(), name);
    if (found == kFormulations.end()) {
      const bool regression = name == "epsilon_svr" || name == "nu_svr";
      fail("svm_type c_svc, nu_svc or one_class", name,
           regression ? "A regression knows no classes: train with svm-train -s 0, 1 or 2." : "");
    }
    svc_.formulation = static_cast<Formulation>(found - kFormulations.begin());
  }

  void read_kernel() {
    const std::string_view name = token();
    const auto found = std::find(kKernels.begin(), kKernels.end(), name);
    if (found == kKernels.end()) {
      fail("kernel_type linear, polynomial, rbf or sigmoid", name,
           name == "precomputed" ? "Such a file lacks the vectors: train with svm-train -t 0, 1, 2 or 3." : "");
    }
    svc_.kernel.kind = static_cast<Kernel>(found - kKernels.begin());
  }

  std::size_t read_count(const std::string& name) {
    const std::string_view text = token();
    const auto value = whole<std::size_t>(text, name + " as a whole number");
    if (value > kMaxVectors) fail(name + " of at most " + std::to_string(kMaxVectors), text);
    return value;
  }

  void read_labels() {
    const std::string_view all = line_;
    for (int& label : svc_.labels) label = whole<int>(token(), "two labels, 1 (fake) and 0 or -1 (real)");
    const auto [first, second] = svc_.labels;
    const bool fake_first = first == 1 && (second == 0 || second == -1);
    const bool fake_second = second == 1 && (first == 0 || first == -1);
    if (!fake_first && !fake_second) fail("the labels 1 (fake) and 0 or -1 (real)", all);
  }

  void read_vector() {
    const std::size_t number = svc_.coefficients.size();
    next_line("support vector " + std::to_string(number + 1) + " of " + std::to_string(total_));
    svc_.coefficients.push_back(decimal(token(), "a coefficient"));
    std::size_t previous = 0;
    for (std::string_view text = token(); !text.empty(); text = token()) {
      const std::size_t colon = text.find(':');
      if (colon == std::string_view::npos) fail("index:value", text);
      const auto index = whole<std::size_t>(text.substr(0, colon), "index:value with a whole index");
      if (index <= previous) fail("an index greater than " + std::to_string(previous), text);
      if (index > kMaxDims) fail("an index of at most " + std::to_string(kMaxDims), text);
      features_.push_back({number, index - 1, decimal(text.substr(colon + 1), "a value")});
      previous = index;
    }
    svc_.dims = std::max(svc_.dims, previous);
  }

  void densify() {
    const bool hollow = total_ * svc_.dims > kMaxSparsity * (features_.size() + total_);
    if (total_ > kMaxNumbers / svc_.dims || hollow) {
      fail("at most " + std::to_string(kMaxNumbers) + " numbers",
           std::to_string(total_) + " support vectors of " + std::to_string(svc_.dims));
    }
    svc_.vectors.assign(total_ * svc_.dims, 0.0);
    for (const Feature& feature : features_) svc_.vectors[feature.vector * svc_.dims + feature.index] = feature.value;
  }

  std::string_view rest_;
  const std::string& path_;
  std::string_view line_;
  std::size_t line_number_ = 0;
  std::size_t total_ = 0;
  std::vector<Feature> features_;
  DecisionFunction svc_;
};

std::string read_text(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorCode::not_found, "There is no SVM file " + path + ".").with("path", path);
  }
  if (fs::is_directory(status)) {
    throw Error(ErrorCode::is_a_directory, path + " is a folder; the path of an SVM file was expected.")
        .with("path", path);
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    throw Error(ErrorCode::not_readable, "The SVM file " + path + " cannot be read.").with("path", path);
  }
  return text;
}

/// A file that takes its name when commit() is called and vanishes otherwise.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path), scratch_(scratch_name(path)), file_(std::fopen(scratch_.c_str(), "wb")) {
    if (!file_) fail();
  }
  ~NewFile() {
    if (!file_) return;
    file_.reset();
    std::remove(scratch_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  template <class... Values>
  void print(const char* format, Values... values) {
    if (std::fprintf(file_.get(), format, values...) < 0) fail();
  }

  void commit() {
    if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) fail();
    if (std::rename(scratch_.c_str(), path_.c_str()) != 0) fail();
    file_.reset();
  }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  static std::string scratch_name(const std::string& path) {
    static std::atomic<unsigned> counter{0};
    return path + ".tmp." + std::to_string(getpid()) + "." + std::to_string(counter++);
  }

  [[noreturn]] void fail() const {
    const std::string reason = std::strerror(errno);
    throw Error(ErrorCode::output_not_writable, "The SVM file " + path_ + " cannot be written: " + reason + ".")
        .with("path", path_)
        .with("reason", reason);
  }

  std::string path_;
  std::string scratch_;
  std::unique_ptr<std::FILE, Closer> file_;
};

/// The lines in libsvm's order. Source: libsvm 3.37 svm.cpp, svm_save_model.
void write_header(const DecisionFunction& svc, NewFile& file) {
  const auto name = [](std::string_view text) { return text.data(); };
  const KernelFunction& kernel = svc.kernel;
  file.print("svm_type %s\n", name(kFormulations.at(static_cast<std::size_t>(svc.formulation))));
  file.print("kernel_type %s\n", name(kKernels.at(static_cast<std::size_t>(kernel.kind))));
  if (kernel.kind == Kernel::polynomial) file.print("degree %d\n", kernel.degree);
  if (kernel.kind != Kernel::linear) file.print("gamma %.17g\n", kernel.gamma);
  if (kernel.kind == Kernel::polynomial || kernel.kind == Kernel::sigmoid) file.print("coef0 %.17g\n", kernel.coef0);
  file.print("nr_class 2\ntotal_sv %zu\nrho %.17g\n", svc.count(), svc.rho);
  if (svc.formulation != Formulation::one_class) {
    file.print("label %d %d\nnr_sv %zu %zu\n", svc.labels[0], svc.labels[1], svc.counts[0], svc.counts[1]);
  }
  file.print("SV\n");
}

}  // namespace

DecisionFunction read_model_file(const std::string& path) {
  const std::string text = read_text(path);
  const CLocale locale;
  return Parser(text, path).parse();
}

void write_model_file(const DecisionFunction& svc, const std::string& path) {
  const CLocale locale;
  NewFile file(path);
  write_header(svc, file);
  const double* value = svc.vectors.data();
  for (double coefficient : svc.coefficients) {
    file.print("%.17g ", coefficient);
    for (std::size_t k = 1; k <= svc.dims; ++k) file.print("%zu:%.17g ", k, *value++);
    file.print("\n");
  }
  file.commit();
}

}  // namespace unreel::svm
