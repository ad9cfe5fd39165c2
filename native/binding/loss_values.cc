#include "binding/loss_values.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "binding/values.h"

namespace unreel::binding {
namespace {

/// The value that stands beside `name`, which TypeScript has checked.
template <class T, std::size_t Count>
T named(const std::pair<const char*, T> (&all)[Count], const std::string& name) {
  const auto* const found = std::find_if(all, all + Count, [&](const auto& each) { return each.first == name; });
  UNREEL_CHECK(found != all + Count);
  return found->second;
}

constexpr std::pair<const char*, contrast::LossKind> kLosses[] = {
    {"supcon", contrast::LossKind::supcon},
    {"align-uniform", contrast::LossKind::align_uniform},
    {"triplet", contrast::LossKind::triplet},
    {"margin", contrast::LossKind::margin},
    {"single-centre", contrast::LossKind::single_centre},
};
constexpr std::pair<const char*, contrast::TripletMining> kMinings[] = {{"hard", contrast::TripletMining::hard},
                                                                        {"all", contrast::TripletMining::all}};
constexpr std::pair<const char*, contrast::LossTerm> kTerms[] = {{"none", contrast::LossTerm::none},
                                                                 {"cross-entropy", contrast::LossTerm::cross_entropy},
                                                                 {"hinge", contrast::LossTerm::hinge}};

}  // namespace

contrast::LossOptions loss_options(const Napi::Object& object) {
  contrast::LossOptions options;
  options.kind = named(kLosses, string_argument(object.Get("loss")));
  options.temperature = double_argument(object.Get("temperature"));
  options.base_temperature = double_argument(object.Get("baseTemperature"));
  options.align_alpha = double_argument(object.Get("alignAlpha"));
  options.align_weight = double_argument(object.Get("alignWeight"));
  options.uniform_weight = double_argument(object.Get("uniformWeight"));
  options.uniform_t = double_argument(object.Get("uniformT"));
  options.margin = double_argument(object.Get("margin"));
  options.mining = named(kMinings, string_argument(object.Get("mining")));
  options.term = named(kTerms, string_argument(object.Get("term")));
  options.term_weight = double_argument(object.Get("termWeight"));
  return options;
}

}  // namespace unreel::binding
