// How many pictures one encode call takes: found by trying.
#pragma once

#include <functional>

namespace unreel::clip {

/**
 * The smallest batch whose throughput comes within 1 % of the best that was seen: small batches hold less memory and
 * keep a video waiting for less. Tried are 1, 2, 4 … up to `largest`, each once, until the next would go beyond
 * `budget_s` seconds altogether, or two in a row bring nothing. 1 is always tried.
 *
 * seconds_of(batch): how long a call takes with that many pictures.
 */
int choose_batch(const std::function<double(int batch)>& seconds_of, int largest, double budget_s);

}  // namespace unreel::clip
