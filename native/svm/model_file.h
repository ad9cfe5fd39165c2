// libsvm's text format for models.
#pragma once

#include <string>

#include "svm/decision_function.h"

namespace unreel::svm {

/**
 * Reads c_svc and nu_svc with labels 1 and 0 or 1 and -1, and one_class. Stricter than libsvm, which takes what it can:
 * every count must hold, every number be a finite decimal, indices begin at 1 and ascend, the last line be ended. The
 * probabilities of `svm-train -b 1` are kept. dims = the greatest index. Throws not_found, is_a_directory,
 * not_readable, svm_invalid (details path and line).
 */
DecisionFunction read_model_file(const std::string& path);

/**
 * Writes every number with 17 significant digits and every feature, zeros too, so that reading gives the same bits and
 * dims back. The file appears whole or not at all. Throws output_not_writable.
 */
void write_model_file(const DecisionFunction& svc, const std::string& path);

}  // namespace unreel::svm
