// npm run soak:svm: random problems, each trained, scored, saved and loaded by unreel and beside libsvm in memory.
// Prints what was compared; exit code 1 where one bit differs.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <string>

#include "soak_check.h"

namespace unreel::svm::test {
namespace {

constexpr std::size_t kMostRows = 2000;
constexpr std::size_t kMostDims = 800;

std::string text_of(const DifferingBits& bits) {
  char text[200];
  std::snprintf(text, sizeof text,
                "differing bits: coefficients %zu, rho %zu, support vectors %zu, decision values %zu, after saving and "
                "loading %zu",
                bits.coefficients, bits.rho, bits.vectors, bits.decision_values, bits.after_loading);
  return text;
}

struct Slowest {
  double seconds = 0;
  std::uint64_t seed = 0;
};

class Tally {
 public:
  void check(std::uint64_t seed) {
    const auto begin = std::chrono::steady_clock::now();
    const SoakCase one = make_soak_case(seed, kMostRows, kMostDims);
    ++cases_[name_of(one.parameters)];
    try {
      add(seed, one, differing_bits(one));
    } catch (const std::exception& error) {
      ++failed_;
      std::printf("seed %llu: %s\n  %s\n", static_cast<unsigned long long>(seed), error.what(),
                  description_of(one).c_str());
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    if (taken.count() > slowest_.seconds) slowest_ = {taken.count(), seed};
  }

  bool holds() const { return failed_ == 0; }

  void print() const {
    for (const auto& [name, count] : cases_) std::printf("%s: %zu cases\n", name.c_str(), count);
    std::printf("%s\ncases without finite numbers on both sides: %zu\ncases that differ or fail: %zu\n",
                text_of(bits_).c_str(), diverged_, failed_);
    std::printf("slowest case: %.1f s, seed %llu\n", slowest_.seconds, static_cast<unsigned long long>(slowest_.seed));
  }

 private:
  void add(std::uint64_t seed, const SoakCase& one, const DifferingBits& bits) {
    bits_.coefficients += bits.coefficients;
    bits_.rho += bits.rho;
    bits_.vectors += bits.vectors;
    bits_.decision_values += bits.decision_values;
    bits_.after_loading += bits.after_loading;
    diverged_ += bits.diverged ? 1 : 0;
    if (bits.all() == 0) return;
    ++failed_;
    std::printf("seed %llu: %s\n  %s\n", static_cast<unsigned long long>(seed), text_of(bits).c_str(),
                description_of(one).c_str());
  }

  std::map<std::string, std::size_t> cases_;
  DifferingBits bits_;
  std::size_t diverged_ = 0;
  std::size_t failed_ = 0;
  Slowest slowest_;
};

}  // namespace
}  // namespace unreel::svm::test

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: svm_soak CASES FIRST_SEED\n");
    return 2;
  }
  const std::uint64_t cases = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t first = std::strtoull(argv[2], nullptr, 10);
  unreel::svm::test::Tally tally;
  for (std::uint64_t i = 0; i < cases; ++i) {
    tally.check(first + i);
    if ((i + 1) % 50 == 0) std::cerr << i + 1 << " of " << cases << " cases" << std::endl;
  }
  std::printf("reference: libsvm %s in memory\nseeds: %llu to %llu; one again: --cases 1 --seed N\n",
              unreel::svm::libsvm_version().c_str(), static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + cases - 1));
  tally.print();
  return tally.holds() ? 0 : 1;
}
