// Random problems for support vector machines, each named by a seed.
#pragma once

#include <cstdint>
#include <string>

#include "reference.h"
#include "svm/model.h"

namespace unreel::svm::test {

/// A training set, rows to score, and how to train and score.
struct SoakCase {
  Data data;
  Data queries;
  bool floats = false;  ///< every feature is a float, and is given as one
  Parameters parameters;
  int training_threads = 1;
  int scoring_threads = 1;
  std::string target;  ///< the vector target that all of it runs on
};

/**
 * What a seed stands for: 2 to `most_rows` rows, 1 to `most_dims` dimensions, every order of magnitude as likely; with
 * duplicates, ties, constant features and zeros in some of them. Features, C and gamma go together so that libsvm
 * converges within seconds.
 */
SoakCase make_soak_case(std::uint64_t seed, std::size_t most_rows, std::size_t most_dims);

/// "c_svc rbf"
std::string name_of(const Parameters& parameters);

/// "c_svc rbf, 120 x 14, AVX2, ..."
std::string description_of(const SoakCase& one);

}  // namespace unreel::svm::test
