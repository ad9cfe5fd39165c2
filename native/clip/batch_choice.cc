#include "clip/batch_choice.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace unreel::clip {
namespace {

constexpr double kWithin = 0.99;  ///< of the best throughput: about what CPU times differ by

}  // namespace

int choose_batch(const std::function<double(int batch)>& seconds_of, int largest, double budget_s) {
  std::vector<std::pair<int, double>> tried;  // batch, pictures a second
  double spent = 0;
  double best = 0;
  int without_gain = 0;
  for (int batch = 1; batch <= largest && without_gain < 2; batch *= 2) {
    const double expected = tried.empty() ? 0 : batch / tried.back().second;
    if (spent + expected > budget_s) break;
    const double seconds = std::max(seconds_of(batch), 1e-9);
    spent += seconds;
    const double throughput = batch / seconds;
    without_gain = throughput * kWithin > best ? 0 : without_gain + 1;
    best = std::max(best, throughput);
    tried.emplace_back(batch, throughput);
  }
  const auto chosen =
      std::find_if(tried.begin(), tried.end(), [&](const auto& each) { return each.second >= kWithin * best; });
  return chosen->first;
}

}  // namespace unreel::clip
