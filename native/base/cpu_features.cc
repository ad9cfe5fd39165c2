#include "base/cpu_features.h"

#include <fstream>
#include <set>
#include <sstream>

#include "base/thread.h"

namespace unreel {
namespace {

std::string field_of(const std::string& line) {
  const std::size_t colon = line.find(':');
  const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
  return colon == std::string::npos || begin == std::string::npos ? "" : line.substr(begin);
}

CpuFeatures detect() {
  static const std::set<std::string> kKnown = {
      "sse4_2",      "avx",         "avx2",     "fma",      "f16c",  "avx512f", "avx512bw", "avx512_vnni", "avx_vnni",
      "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm",     "sve"};
  CpuFeatures features;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (features.model.empty() && line.rfind("model name", 0) == 0) features.model = field_of(line);
    if (features.vectors.empty() && (line.rfind("flags", 0) == 0 || line.rfind("Features", 0) == 0)) {
      std::istringstream words(field_of(line));
      for (std::string word; words >> word;) {
        if (kKnown.count(word) != 0) features.vectors.push_back(word);
      }
    }
  }
  features.cores = available_cores();
  return features;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures kFeatures = detect();
  return kFeatures;
}

}  // namespace unreel
