#include "clip/preprocessing_choice.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "onnx/session.h"

namespace unreel::clip {
namespace {

constexpr const char* kVariant = "unreel.preprocessing";
constexpr const char* kMean = "unreel.mean";
constexpr const char* kStd = "unreel.std";

[[noreturn]] void refuse(const std::string& path, const std::string& key, const std::string& expected,
                         const std::string& found) {
  throw Error(ErrorCode::model_contract,
              path + ": its metadata " + key + " is wrong. Expected: " + expected + ". Found: " + found + ".")
      .with("path", path)
      .with("field", key)
      .with("expected", expected)
      .with("found", found);
}

std::array<float, 3> three_numbers(const std::string& text, const std::string& path, const std::string& key,
                                   bool above_zero) {
  std::array<float, 3> values{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, values[i]);
    const bool separated = i + 1 < values.size() ? next != end && *next == ',' : next == end;
    if (error != std::errc() || !separated || !std::isfinite(values[i]) || (above_zero && values[i] <= 0))
      refuse(path, key, above_zero ? "three numbers above 0, as 0.5,0.5,0.5" : "three numbers, as 0.5,0.5,0.5", text);
    at = next + 1;
  }
  return values;
}

}  // namespace

PreprocessingChoice declared_preprocessing(const onnx::Session& session, const std::string& model_path) {
  PreprocessingChoice choice;
  if (const auto name = session.metadata(kVariant)) {
    choice.variant = image::variant_named(*name);
    if (!choice.variant) refuse(model_path, kVariant, "one of " + image::variant_names(), *name);
  }
  const auto mean = session.metadata(kMean);
  const auto std = session.metadata(kStd);
  if (mean.has_value() != std.has_value())
    refuse(model_path, mean ? kStd : kMean, "both " + std::string(kMean) + " and " + kStd + ", or none", "nothing");
  if (mean) {
    choice.normalization = {three_numbers(*mean, model_path, kMean, false),
                            three_numbers(*std, model_path, kStd, true)};
  }
  return choice;
}

PreprocessingChoice decided(const PreprocessingChoice& given, const PreprocessingChoice& declared,
                            const PreprocessingChoice& beside) {
  const PreprocessingChoice nothing;
  const PreprocessingChoice& last = declared.variant ? nothing : beside;
  PreprocessingChoice choice;
  choice.variant = given.variant ? given.variant : declared.variant ? declared.variant : last.variant;
  choice.normalization = given.normalization      ? given.normalization
                         : declared.normalization ? declared.normalization
                                                  : last.normalization;
  choice.size = given.size ? given.size : last.size;
  return choice;
}

}  // namespace unreel::clip
