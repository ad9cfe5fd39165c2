// libsvm's sparse text format for data: "label index:value ...", a row a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel_token.h"

namespace unreel::svm {

/// Rows as training takes them.
struct LabelledRows {
  std::size_t rows = 0;
  std::size_t dims = 0;
  std::vector<double> x;             ///< rows x dims, C order; what a line leaves out is 0
  std::vector<std::int32_t> labels;  ///< 1 = fake, 0 = real
};

/**
 * Reads labels 1 or +1 (fake) and 0 or -1 (real), and features whose indices begin at 1 and ascend, every number a
 * finite decimal with a point; lines end with LF or CRLF, the last one too. The file is read twice, so that memory
 * holds the result alone. dims: the greatest index unless given, 1 to 65,536. Throws not_found, is_a_directory,
 * not_readable (also what can be read only once), io, svm_data_invalid (details path and line), limit_exceeded (more
 * than 2^30 numbers, or a thousand times what the file holds; details path, limit, rows, dims), aborted.
 */
LabelledRows read_data_file(const std::string& path, std::optional<std::size_t> dims, const CancelToken& cancel);

}  // namespace unreel::svm
