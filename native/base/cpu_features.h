// What the CPU offers and which kernel target unreel runs on it.
#pragma once

#include <string>
#include <vector>

namespace unreel {

struct CpuFeatures {
  std::string model;  ///< as /proc/cpuinfo names it, "" where unknown
  int cores = 1;      ///< cores this process may use
  std::vector<std::string>
      vectors;         ///< vector extensions among sse4.2, avx, avx2, fma, avx512f, avx512_vnni, ...; or neon
  std::string target;  ///< the best Highway target this CPU supports, "AVX3_ZEN4" for instance
};

/// Read once per process.
const CpuFeatures& cpu_features();

}  // namespace unreel
