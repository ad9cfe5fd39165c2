// What the CPU offers.
#pragma once

#include <string>
#include <vector>

namespace unreel {

struct CpuFeatures {
  std::string model;  ///< as /proc/cpuinfo names it, "" where unknown
  int cores = 1;      ///< cores this process may use
  std::vector<std::string>
      vectors;  ///< vector extensions among sse4.2, avx, avx2, fma, avx512f, avx512_vnni, ...; or neon
};

/// Read once per process.
const CpuFeatures& cpu_features();

}  // namespace unreel
