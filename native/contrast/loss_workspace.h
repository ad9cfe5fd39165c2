// Memory of a loss, kept from batch to batch.
#pragma once

#include "base/aligned_array.h"

namespace unreel::contrast {

/// What SupCon in tiles works in: fresh memory costs a page fault every 4 KB, which small batches notice. One loss at a
/// time; any shapes in any order: it keeps the largest.
struct LossWorkspace {
  AlignedArray rows;
  AlignedArray panels;
  AlignedArray tiles;
  AlignedArray forces;
};

}  // namespace unreel::contrast
