#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.h"
#include "reference.h"
#include "svm/model.h"

namespace unreel::svm {
namespace {

using test::TempFolder;
using test::text_of;
using test::write_text;

// What svm-train writes for two support vectors; line numbers are used below.
const std::string kGood =
    "svm_type c_svc\n"    // 1
    "kernel_type rbf\n"   // 2
    "gamma 0.5\n"         // 3
    "nr_class 2\n"        // 4
    "total_sv 2\n"        // 5
    "rho -0.25\n"         // 6
    "label 0 1\n"         // 7
    "nr_sv 1 1\n"         // 8
    "SV\n"                // 9
    "1 1:0.5 3:-1e-3 \n"  // 10
    "-1 2:.25 3:2 \n";    // 11

std::string replaced(const std::string& from, const std::string& to) {
  const std::size_t at = kGood.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  std::string text = kGood;
  return text.replace(at, from.size(), to);
}

TEST(ModelFile, ReadsSparseRowsOfSvmTrain) {
  const TempFolder folder;
  write_text(folder.file("good.model"), kGood);
  const auto model = Model::load(folder.file("good.model"));
  EXPECT_EQ(model->function().dims, 3U);
  EXPECT_EQ(model->function().vectors, (std::vector<double>{0.5, 0, -1e-3, 0, 0.25, 2}));
  const double query[] = {0.5, 0, -1e-3};
  double value = 0;
  model->decision_values({query, 1, 3}, 1, &value);
  const double distance = 0.5 * 0.5 + 0.25 * 0.25 + 2.001 * 2.001;
  EXPECT_NEAR(value, -(1 - std::exp(-0.5 * distance) + 0.25), 1e-15);
}

TEST(ModelFile, ReadsWhatIsTooSmallForADoubleAsStrtodDoes) {
  const TempFolder folder;
  write_text(folder.file("small.model"), replaced("1:0.5 3:-1e-3", "1:1e-400 2:+4.9406564584124654e-324 3:-1e-310"));
  const auto model = Model::load(folder.file("small.model"));
  EXPECT_EQ(model->function().vectors[0], 0);
  EXPECT_EQ(model->function().vectors[1], std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(model->function().vectors[2], -1e-310);
}

TEST(ModelFile, KeepsTheProbabilitiesOfSvmTrain) {
  const TempFolder folder;
  write_text(folder.file("p.model"), replaced("nr_sv", "probA -1.5\nprobB 0.1\nnr_sv"));
  const auto model = Model::load(folder.file("p.model"));
  ASSERT_TRUE(model->function().sigmoid);
  EXPECT_EQ(model->function().sigmoid->a, -1.5);
  EXPECT_EQ(model->function().sigmoid->b, 0.1);
  model->save(folder.file("saved.model"));
  EXPECT_NE(text_of(folder.file("saved.model")).find("label 0 1\nprobA -1.5\nprobB 0.10000000000000001\nnr_sv 1 1\n"),
            std::string::npos);
}

TEST(ModelFile, ForgetsWhatTheKernelDoesNotUse) {
  const TempFolder folder;
  write_text(folder.file("odd.model"), replaced("gamma 0.5\n", "degree 3\ngamma 0.5\ncoef0 2\n"));
  const KernelFunction rbf = Model::load(folder.file("odd.model"))->function().kernel;
  EXPECT_EQ(rbf.gamma, 0.5);
  EXPECT_EQ(rbf.coef0, 0);
  EXPECT_EQ(rbf.degree, 0);
  write_text(folder.file("odd.model"), replaced("rbf", "linear"));
  EXPECT_EQ(Model::load(folder.file("odd.model"))->function().kernel.gamma, 0);
}

TEST(ModelFile, AFewBytesDoNotAskForGigabytes) {
  std::string hollow =
      "svm_type c_svc\nkernel_type linear\nnr_class 2\ntotal_sv 16384\nrho 0\nlabel 1 0\nnr_sv 1 16383\nSV\n1 65536:1 "
      "\n";
  for (int i = 1; i < 16384; ++i) hollow += "-1 \n";
  const TempFolder folder;
  write_text(folder.file("hollow.model"), hollow);
  try {
    Model::load(folder.file("hollow.model"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::svm_invalid);
    EXPECT_NE(error.message().find("16384 support vectors of 65536"), std::string::npos) << error.message();
  }
}

struct Damage {
  std::string name;
  std::string text;
  std::int64_t line;
  std::string expected;  ///< part of the message
};

TEST(ModelFile, NamesTheLineAndWhatWasExpectedThere) {
  const std::vector<Damage> cases = {
      {"empty", "", 1, "a header line or SV"},
      {"binary", std::string("\0\1\2\3\n", 5), 1, "svm_type, kernel_type"},
      {"cut in the header", kGood.substr(0, 40), 3, "a line that is ended"},
      {"cut after the header", kGood.substr(0, kGood.find("1 1:")), 10, "support vector 1 of 2"},
      {"cut inside a vector", kGood.substr(0, kGood.size() - 4), 11, "copy it again"},
      {"cut after a vector", kGood.substr(0, kGood.find("-1 2:")), 11, "support vector 2 of 2"},
      {"too many vectors", kGood + "0.5 1:1 \n", 12, "the end of the file"},
      {"unknown type", replaced("c_svc", "d_svc"), 1, "svm_type c_svc, nu_svc or one_class"},
      {"epsilon_svr", replaced("c_svc", "epsilon_svr"), 1, "train with svm-train -s 0, 1 or 2"},
      {"nu_svr", replaced("c_svc", "nu_svr"), 1, "train with svm-train -s 0, 1 or 2"},
      {"one_class with labels", replaced("c_svc", "one_class"), 9, "no header line label"},
      {"marks of one_class", replaced("nr_sv", "prob_density_marks 0 1 2 3 4 5 6 7 8 9\nnr_sv"), 10,
       "no header line prob_density_marks"},
      {"probA alone", replaced("nr_sv", "probA 1\nnr_sv"), 10, "probB before SV"},
      {"probB alone", replaced("nr_sv", "probB 1\nnr_sv"), 10, "probA before SV"},
      {"half a probA", replaced("nr_sv", "probA 1,5\nnr_sv"), 8, "probA as a decimal number"},
      {"nine marks", replaced("nr_sv", "prob_density_marks 0 1 2 3 4 5 6 7 8\nnr_sv"), 8, "ten prob_density_marks"},
      {"unknown kernel", replaced("rbf", "quantum"), 2, "kernel_type linear, polynomial, rbf or sigmoid"},
      {"precomputed", replaced("rbf", "precomputed"), 2, "train with svm-train -t 0, 1, 2 or 3"},
      {"no degree", replaced("rbf", "polynomial"), 9, "degree before SV"},
      {"half a degree", replaced("rbf\n", "polynomial\ndegree 2.5\n"), 3, "degree as a whole number"},
      {"negative degree", replaced("rbf\n", "polynomial\ndegree -2\n"), 3, "degree of at least 0"},
      {"no coef0", replaced("rbf", "sigmoid"), 9, "coef0 before SV"},
      {"NaN coef0", replaced("rbf\n", "sigmoid\ncoef0 nan\n"), 3, "coef0 as a decimal number"},
      {"three classes", replaced("nr_class 2", "nr_class 3"), 4, "Train with two labels"},
      {"no gamma", replaced("gamma 0.5\n", ""), 8, "gamma before SV"},
      {"negative gamma", replaced("gamma 0.5", "gamma -0.5"), 3, "gamma of at least 0"},
      {"no rho", replaced("rho -0.25\n", ""), 8, "rho before SV"},
      {"no label", replaced("label 0 1\n", ""), 8, "label before SV"},
      {"no nr_sv", replaced("nr_sv 1 1\n", ""), 8, "nr_sv before SV"},
      {"twice", replaced("rho -0.25\n", "rho -0.25\nrho -0.25\n"), 7, "each header line once"},
      {"unknown line", replaced("rho", "rhubarb"), 6, "svm_type, kernel_type"},
      {"no vectors", replaced("total_sv 2", "total_sv 0"), 5, "at least one support vector"},
      {"total_sv too great", replaced("total_sv 2", "total_sv 3"), 9, "nr_sv that adds up to total_sv = 3"},
      {"nr_sv too great", replaced("nr_sv 1 1", "nr_sv 2 1"), 9, "nr_sv that adds up"},
      {"negative count", replaced("total_sv 2", "total_sv -2"), 5, "total_sv as a whole number"},
      {"absurd count", replaced("total_sv 2", "total_sv 99999999999"), 5, "total_sv of at most"},
      {"overflowing count", replaced("total_sv 2", "total_sv 99999999999999999999999"), 5,
       "total_sv as a whole number"},
      {"one nr_sv", replaced("nr_sv 1 1", "nr_sv 2"), 8, "nr_sv of the second class"},
      {"three nr_sv", replaced("nr_sv 1 1", "nr_sv 1 1 1"), 8, "the end of the line"},
      {"two rho", replaced("rho -0.25", "rho -0.25 1"), 6, "the end of the line"},
      {"foreign labels", replaced("label 0 1", "label 1 2"), 7, "labels 1 (fake) and 0 or -1 (real)"},
      {"equal labels", replaced("label 0 1", "label 1 1"), 7, "labels 1 (fake) and 0 or -1 (real)"},
      {"half a label", replaced("label 0 1", "label 0 1.5"), 7, "two labels"},
      {"comma in rho", replaced("-0.25", "-0,25"), 6, "decimal number with a point"},
      {"comma in a value", replaced("1:0.5", "1:0,5"), 10, "under the C locale"},
      {"NaN rho", replaced("-0.25", "nan"), 6, "decimal number with a point"},
      {"infinite gamma", replaced("gamma 0.5", "gamma inf"), 3, "decimal number with a point"},
      {"NaN value", replaced("1:0.5", "1:NaN"), 10, "decimal number with a point"},
      {"NaN coefficient", replaced("1 1:0.5", "nan 1:0.5"), 10, "a coefficient"},
      {"too large", replaced("1:0.5", "1:1e999"), 10, "within the range of a double"},
      {"hexadecimal", replaced("1:0.5", "1:0x1p3"), 10, "decimal number with a point"},
      {"half an exponent", replaced("-1e-3", "-1e-"), 10, "decimal number with a point"},
      {"no value", replaced("1:0.5", "1:"), 10, "a value"},
      {"no colon", replaced("1:0.5", "0.5"), 10, "index:value"},
      {"no index", replaced("1:0.5", ":0.5"), 10, "whole index"},
      {"index 0", replaced("1:0.5", "0:0.5"), 10, "an index greater than 0"},
      {"negative index", replaced("1:0.5", "-1:0.5"), 10, "whole index"},
      {"repeated index", replaced("3:-1e-3", "1:-1e-3"), 10, "an index greater than 1"},
      {"falling indices", replaced("2:.25 3:2", "3:2 2:.25"), 11, "an index greater than 3"},
      {"absurd index", replaced("3:2 ", "1999999999:2 "), 11, "an index of at most"},
      {"empty line", replaced("-1 2:.25 3:2 ", ""), 11, "a coefficient"},
      {"Windows line ends", replaced("c_svc\n", "c_svc\r\n"), 1, "svm_type c_svc"},
  };
  const TempFolder folder;
  for (const Damage& damage : cases) {
    const std::string path = folder.file("damaged.model");
    write_text(path, damage.text);
    try {
      Model::load(path);
      ADD_FAILURE() << damage.name << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::svm_invalid) << damage.name;
      EXPECT_NE(error.message().find(damage.expected), std::string::npos) << damage.name << ": " << error.message();
      EXPECT_NE(error.message().find(path), std::string::npos) << damage.name;
      ASSERT_EQ(error.details().size(), 2U) << damage.name;
      EXPECT_EQ(std::get<std::int64_t>(error.details()[1].second), damage.line)
          << damage.name << ": " << error.message();
    }
  }
}

TEST(ModelFile, NoPrefixOfAFileIsAFile) {
  const TempFolder folder;
  for (std::size_t length = 0; length < kGood.size(); ++length) {
    write_text(folder.file("cut.model"), kGood.substr(0, length));
    EXPECT_THROW(Model::load(folder.file("cut.model")), Error) << length;
  }
}

ErrorCode load_code(const std::string& path) {
  try {
    Model::load(path);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

TEST(ModelFile, TellsMissingFilesFromFolders) {
  const TempFolder folder;
  EXPECT_EQ(load_code(folder.file("absent.model")), ErrorCode::not_found);
  EXPECT_EQ(load_code(folder.path().string()), ErrorCode::is_a_directory);
}

TEST(ModelFile, LeavesNothingWhenItCannotBeWritten) {
  const TempFolder folder;
  write_text(folder.file("good.model"), kGood);
  const auto model = Model::load(folder.file("good.model"));
  std::filesystem::create_directory(folder.file("taken"));
  write_text(folder.file("taken/inside"), "kept");
  for (const std::string& path : {folder.file("absent/svm.model"), folder.file("taken")}) {
    try {
      model->save(path);
      ADD_FAILURE() << path << " was written";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::output_not_writable);
    }
  }
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++entries;
  EXPECT_EQ(entries, 2U);
  EXPECT_EQ(text_of(folder.file("taken/inside")), "kept");
}

TEST(ModelFile, OverwritesAnOlderFile) {
  const TempFolder folder;
  write_text(folder.file("svm.model"), kGood);
  Model::load(folder.file("svm.model"))->save(folder.file("svm.model"));
  EXPECT_EQ(text_of(folder.file("svm.model")),
            "svm_type c_svc\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\nrho -0.25\nlabel 0 1\nnr_sv 1 1\nSV\n"
            "1 1:0.5 2:0 3:-0.001 \n-1 1:0 2:0.25 3:2 \n");
}

TEST(ModelFile, IsTheSameUnderALocaleWithDecimalCommas) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  const char* found = nullptr;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"}) {
    if (found == nullptr) found = std::setlocale(LC_ALL, name);
  }
  if (found == nullptr) GTEST_SKIP() << "needs a locale with decimal commas (de_DE.UTF-8 or fr_FR.UTF-8)";
  const TempFolder folder;
  write_text(folder.file("good.model"), kGood);
  const auto model = Model::load(folder.file("good.model"));
  model->save(folder.file("saved.model"));
  std::setlocale(LC_ALL, before.c_str());
  EXPECT_EQ(model->function().vectors[0], 0.5);
  EXPECT_NE(text_of(folder.file("saved.model")).find("gamma 0.5\n"), std::string::npos);
}

}  // namespace
}  // namespace unreel::svm
