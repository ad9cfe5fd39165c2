// SupCon in double, for any temperature: for small batches, and for those that float cannot bear.
#pragma once

#include "contrast/label_classes.h"
#include "contrast/loss.h"

namespace unreel::contrast {

/**
 * supcon() of supcon.h for a batch that has anchors, with all sums in double: a row of tiles at a time, each pair of
 * rows from both ends. Beyond 2 / temperature = 80 the shift of a row's exponentials follows its greatest cosine (the
 * online softmax). Memory 3 rows dims doubles. The same bits for any threads >= 1.
 */
double supcon_precise(const float* embeddings, const LabelClasses& classes, LossShape shape, double temperature,
                      int threads, const LossGradient& gradient);

}  // namespace unreel::contrast
