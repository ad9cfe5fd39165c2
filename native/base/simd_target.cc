#include "base/simd_target.h"

#include <hwy/targets.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"

namespace unreel {
namespace {

/// Asked once, before any target is put out of force: Highway then no longer names it.
const std::vector<std::int64_t>& supported() {
  static const std::vector<std::int64_t> kSupported = hwy::SupportedAndGeneratedTargets();
  return kSupported;
}

/// The target's bit; 0 for the scalar one.
std::int64_t target_named(std::string_view name) {
  if (name.empty()) return supported().front();
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (upper == kScalarTarget) return 0;
  for (const std::int64_t target : supported()) {
    if (upper == hwy::TargetName(target)) return target;
  }
  std::string known;
  for (const std::string& target : simd_targets()) known += (known.empty() ? "" : ", ") + target;
  throw Error(ErrorCode::invalid_argument, "UNREEL_TARGET names \"" + std::string(name) +
                                               "\", which this CPU or this build does not have. Supported: " + known +
                                               ".")
      .with("target", std::string(name))
      .with("supported", known);
}

std::int64_t in_force(std::string_view name) {
  const std::int64_t target = target_named(name);
  if (target != 0) hwy::DisableTargets(~target);
  return target;
}

std::int64_t& current() {
  static std::int64_t target = [] {
    const char* name = std::getenv("UNREEL_TARGET");
    return in_force(name == nullptr ? "" : name);
  }();
  return target;
}

}  // namespace

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const std::int64_t target : supported()) names.emplace_back(hwy::TargetName(target));
  names.emplace_back(kScalarTarget);
  return names;
}

std::string simd_target() {
  const std::int64_t target = current();
  return target == 0 ? std::string(kScalarTarget) : hwy::TargetName(target);
}

bool runs_scalar() { return current() == 0; }

void set_simd_target(std::string_view name) { current() = in_force(name); }

}  // namespace unreel
