#include "svm/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "base/error.h"
#include "reference.h"
#include "svm/random_stream.h"

namespace unreel::svm {
namespace {

using test::Data;
using test::Reference;
using test::TempFolder;
using test::values_of;

bool same_bytes(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

std::unique_ptr<Model> train(const Data& data, const Parameters& parameters) {
  return Model::train({data.x.data(), data.rows, data.dims}, data.labels.data(), parameters);
}

std::vector<Parameters> parameter_sets() {
  Parameters linear;
  linear.c = 0.5;
  Parameters rbf;
  rbf.kernel.kind = Kernel::rbf;
  rbf.kernel.gamma = 0.07;
  rbf.c = 2;
  Parameters weighted = rbf;
  weighted.kernel.gamma = 1.0 / 3;
  weighted.weight_real = 3;
  weighted.weight_fake = 0.7;
  weighted.shrinking = false;
  Parameters polynomial;
  polynomial.kernel = {Kernel::polynomial, 0.3, 1, 3};
  Parameters sigmoid;
  sigmoid.kernel = {Kernel::sigmoid, 0.05, -0.5, 0};
  Parameters nu = rbf;
  nu.formulation = Formulation::nu_svc;
  nu.nu = 0.3;
  return {linear, rbf, weighted, polynomial, sigmoid, nu};
}

TEST(Model, DecisionValuesEqualLibsvmInEveryBit) {
  for (const Parameters& parameters : parameter_sets()) {
    for (const int first_label : {0, 1}) {
      for (const std::size_t dims : {std::size_t{1}, std::size_t{13}, std::size_t{64}}) {
        const Data data(160, dims, 20 + dims, first_label);
        const Data queries(70, dims, 99, 0);
        const auto model = train(data, parameters);
        const Reference reference(data, parameters);
        EXPECT_EQ(reference.get()->label[0], first_label);
        EXPECT_EQ(model->function().count(), static_cast<std::size_t>(reference.get()->l));
        EXPECT_TRUE(same_bytes(values_of(*model, queries), values_of(reference.get(), queries)))
            << "dims " << dims << " first label " << first_label;
      }
    }
  }
}

TEST(Model, HasLibsvmsOwnProbabilitiesInEveryBitGivenItsStream) {
  for (const int first_label : {0, 1}) {
    for (const unsigned seed : {1U, 77U}) {
      const Data data(150, 6, 40, first_label);
      Parameters parameters = parameter_sets()[1];
      parameters.libsvm_probability = true;
      parameters.stream = seed;
      const auto model = train(data, parameters);
      begin_stream(seed);
      const Reference reference(data, parameters);
      std::vector<double> ours(data.rows);
      model->probabilities({data.x.data(), data.rows, data.dims}, 2, ours.data());
      for (std::size_t row = 0; row < data.rows; ++row) {
        double estimates[2];
        const auto nodes = test::nodes_of(&data.x[row * data.dims], data.dims);
        svm_predict_probability(reference.get(), nodes.data(), estimates);
        EXPECT_EQ(ours[row], estimates[first_label == 1 ? 0 : 1]);
      }
    }
  }
}

TEST(Model, RefusesProbabilitiesThatItHasNot) {
  const Data data(30, 3, 41, 1);
  const auto model = train(data, parameter_sets()[0]);
  std::vector<double> out(data.rows);
  EXPECT_THROW(model->probabilities({data.x.data(), data.rows, data.dims}, 1, out.data()), Error);
}

TEST(RandomStream, IsThatOfRand) {
  for (const unsigned seed : {0U, 1U, 12345U}) {
    srand(seed);
    begin_stream(seed);
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(next_of_stream(), rand());
  }
}

TEST(Model, SavedFileIsReadByLibsvmAndByUnreelWithoutLosingABit) {
  const TempFolder folder;
  for (const Parameters& parameters : parameter_sets()) {
    const Data data(120, 9, 5, 0);
    const Data queries(50, 9, 6, 1);
    const auto model = train(data, parameters);
    const auto expected = values_of(*model, queries);
    model->save(folder.file("svm.model"));

    const test::UniqueSvmModel by_libsvm(svm_load_model(folder.file("svm.model").c_str()));
    ASSERT_NE(by_libsvm, nullptr);
    EXPECT_TRUE(same_bytes(values_of(by_libsvm.get(), queries), expected));

    const auto loaded = Model::load(folder.file("svm.model"));
    EXPECT_TRUE(same_bytes(values_of(*loaded, queries), expected));
    EXPECT_EQ(loaded->function().kernel.kind, parameters.kernel.kind);
    EXPECT_EQ(loaded->function().kernel.gamma, parameters.kernel.gamma);
    EXPECT_EQ(loaded->function().dims, 9U);
    EXPECT_TRUE(same_bytes(loaded->function().vectors, model->function().vectors));

    loaded->save(folder.file("again.model"));
    EXPECT_EQ(test::text_of(folder.file("again.model")), test::text_of(folder.file("svm.model")));
  }
}

TEST(Model, ReadsFilesOfSvmTrainWithEitherLabelOrderAndMinusOne) {
  const TempFolder folder;
  for (const Parameters& parameters : parameter_sets()) {
    for (const int real : {0, -1}) {
      for (const int first_label : {0, 1}) {
        const Data data(90, 6, 31, first_label);
        const Data queries(40, 6, 32, 0);
        const Reference reference(data, parameters, real);
        ASSERT_EQ(svm_save_model(folder.file("libsvm.model").c_str(), reference.get()), 0);
        const test::UniqueSvmModel reread(svm_load_model(folder.file("libsvm.model").c_str()));
        const auto model = Model::load(folder.file("libsvm.model"));
        EXPECT_TRUE(same_bytes(values_of(*model, queries), values_of(reread.get(), queries)))
            << "real " << real << " first label " << first_label;
      }
    }
  }
}

TEST(Model, OneClassFilesGoBothWaysWithoutLosingABit) {
  const TempFolder folder;
  Parameters parameters;
  parameters.formulation = Formulation::one_class;
  parameters.kernel = {Kernel::rbf, 0.2, 0, 0};
  parameters.nu = 0.2;
  Data data(120, 9, 5, 0);
  std::fill(data.labels.begin(), data.labels.end(), 0);
  const Data queries(50, 9, 6, 1);
  const auto model = train(data, parameters);
  model->save(folder.file("ours.model"));
  const test::UniqueSvmModel by_libsvm(svm_load_model(folder.file("ours.model").c_str()));
  ASSERT_NE(by_libsvm, nullptr);
  EXPECT_EQ(svm_get_svm_type(by_libsvm.get()), ONE_CLASS);
  EXPECT_TRUE(same_bytes(values_of(by_libsvm.get(), queries), values_of(*model, queries)));

  const Reference reference(data, parameters);
  ASSERT_EQ(svm_save_model(folder.file("libsvm.model").c_str(), reference.get()), 0);
  const test::UniqueSvmModel reread(svm_load_model(folder.file("libsvm.model").c_str()));
  const auto loaded = Model::load(folder.file("libsvm.model"));
  EXPECT_EQ(loaded->function().formulation, Formulation::one_class);
  EXPECT_TRUE(same_bytes(values_of(*loaded, queries), values_of(reread.get(), queries)));
}

TEST(Model, ProbabilitiesOfSvmTrainAreLibsvmsAfterReadingAndWriting) {
  const TempFolder folder;
  const Data queries(40, 6, 32, 0);
  Parameters parameters = parameter_sets()[1];
  parameters.libsvm_probability = true;
  for (const int real : {0, -1}) {
    for (const int first_label : {0, 1}) {
      const Data data(90, 6, 31, first_label);
      const Reference reference(data, parameters, real);
      ASSERT_EQ(svm_save_model(folder.file("libsvm.model").c_str(), reference.get()), 0);
      const test::UniqueSvmModel before(svm_load_model(folder.file("libsvm.model").c_str()));
      const auto model = Model::load(folder.file("libsvm.model"));
      model->save(folder.file("ours.model"));
      const test::UniqueSvmModel after(svm_load_model(folder.file("ours.model").c_str()));
      ASSERT_NE(after, nullptr);
      const auto expected = test::probabilities_of(before.get(), queries);
      EXPECT_TRUE(same_bytes(test::probabilities_of(after.get(), queries), expected));

      std::vector<double> ours(queries.rows);
      model->probabilities({queries.x.data(), queries.rows, queries.dims}, 1, ours.data());
      EXPECT_TRUE(same_bytes(ours, expected));
    }
  }
}

TEST(Model, ProbabilitiesOfOneClassAreLibsvmsAfterReadingAndWriting) {
  const TempFolder folder;
  Parameters parameters = parameter_sets()[1];
  parameters.formulation = Formulation::one_class;
  parameters.libsvm_probability = true;
  const Data data(120, 6, 31, 0);
  const Data queries(40, 6, 32, 0);
  const Reference reference(data, parameters);
  ASSERT_NE(reference.get()->prob_density_marks, nullptr);
  ASSERT_EQ(svm_save_model(folder.file("libsvm.model").c_str(), reference.get()), 0);
  const test::UniqueSvmModel before(svm_load_model(folder.file("libsvm.model").c_str()));
  Model::load(folder.file("libsvm.model"))->save(folder.file("ours.model"));
  const test::UniqueSvmModel after(svm_load_model(folder.file("ours.model").c_str()));
  ASSERT_NE(after, nullptr);
  EXPECT_TRUE(same_bytes(test::probabilities_of(after.get(), queries), test::probabilities_of(before.get(), queries)));
}

TEST(Model, PositiveMeansFake) {
  const std::vector<double> x = {-1, -0.9, 1, 0.9};
  for (const std::vector<std::int32_t>& labels : {std::vector<std::int32_t>{0, 0, 1, 1}, {1, 1, 0, 0}}) {
    const auto model = Model::train({x.data(), 4, 1}, labels.data(), Parameters{});
    std::vector<double> values(4);
    model->decision_values({x.data(), 4, 1}, 1, values.data());
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(values[i] > 0, labels[i] == 1);
  }
}

TEST(Model, IsTheSameForAnyThreadCount) {
  const Data data(150, 17, 41, 1);
  const auto model = train(data, parameter_sets()[1]);
  const auto expected = values_of(*model, data, 1);
  for (const int threads : {2, 3, 7, 1000}) EXPECT_TRUE(same_bytes(values_of(*model, data, threads), expected));
}

TEST(Model, KeepsNothingOfTheCallersMemory) {
  Data data(100, 8, 51, 0);
  const Data queries(20, 8, 52, 0);
  const auto model = train(data, parameter_sets()[1]);
  const auto expected = values_of(*model, queries);
  std::fill(data.x.begin(), data.x.end(), 1e9);
  EXPECT_TRUE(same_bytes(values_of(*model, queries), expected));
}

TEST(Model, SupportVectorsAreRowsOfTheTrainingData) {
  const Data data(60, 5, 61, 0);
  const auto model = train(data, parameter_sets()[0]);
  const auto vectors = model->function().vectors;
  ASSERT_EQ(vectors.size(), model->function().count() * 5);
  for (std::size_t i = 0; i < vectors.size(); i += 5) {
    bool found = false;
    for (std::size_t row = 0; row < data.rows && !found; ++row) {
      found = std::memcmp(&vectors[i], &data.x[row * 5], 5 * sizeof(double)) == 0;
    }
    EXPECT_TRUE(found) << "support vector " << i / 5;
  }
}

std::string code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error_info(error.code()).code;
  }
  return "none";
}

TEST(Model, RefusesParametersOutOfRange) {
  const Data data(20, 3, 71, 0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {0.0, -1.0, nan, infinity}) {
    for (double Parameters::* field : {&Parameters::c, &Parameters::weight_real, &Parameters::weight_fake,
                                       &Parameters::epsilon, &Parameters::cache_mb}) {
      Parameters parameters = parameter_sets()[1];
      parameters.*field = bad;
      EXPECT_EQ(code_of([&] { train(data, parameters); }), "ERR_UNREEL_INVALID_ARGUMENT") << bad;
    }
    Parameters parameters = parameter_sets()[1];
    parameters.kernel.gamma = bad;
    EXPECT_EQ(code_of([&] { train(data, parameters); }), "ERR_UNREEL_INVALID_ARGUMENT") << bad;
    parameters = {};
    parameters.formulation = Formulation::nu_svc;
    parameters.nu = bad;
    EXPECT_EQ(code_of([&] { train(data, parameters); }), "ERR_UNREEL_INVALID_ARGUMENT") << bad;
  }
  Parameters parameters;
  parameters.formulation = Formulation::nu_svc;
  parameters.nu = 1.1;
  EXPECT_EQ(code_of([&] { train(data, parameters); }), "ERR_UNREEL_INVALID_ARGUMENT");
  parameters = {};
  parameters.kernel = {Kernel::polynomial, 1, 0, 0};
  EXPECT_EQ(code_of([&] { train(data, parameters); }), "ERR_UNREEL_INVALID_ARGUMENT");
  parameters.kernel = {Kernel::sigmoid, 1, nan, 0};
  EXPECT_EQ(code_of([&] { train(data, parameters); }), "ERR_UNREEL_INVALID_ARGUMENT");
}

TEST(Model, RefusesDataThatCannotBeTrainedOn) {
  Data one_class(20, 3, 81, 1);
  std::fill(one_class.labels.begin(), one_class.labels.end(), 1);
  EXPECT_EQ(code_of([&] { train(one_class, {}); }), "ERR_UNREEL_ONE_CLASS");

  Data other_label(20, 3, 82, 1);
  other_label.labels[4] = 2;
  EXPECT_EQ(code_of([&] { train(other_label, {}); }), "ERR_UNREEL_INVALID_ARGUMENT");

  Data huge(20, 3, 83, 1);
  for (double& value : huge.x) value *= 1e200;
  EXPECT_EQ(code_of([&] { train(huge, {}); }), "ERR_UNREEL_DIVERGED");

  Data empty(1, 1, 84, 1);
  empty.rows = 0;
  EXPECT_EQ(code_of([&] { train(empty, {}); }), "ERR_UNREEL_INVALID_ARGUMENT");
}

TEST(Model, NamesTheRowAndColumnThatIsNotFinite) {
  Data data(20, 3, 91, 0);
  const auto model = train(data, {});
  data.x[7 * 3 + 2] = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::function<void()>> calls = {[&] { train(data, {}); }, [&] { values_of(*model, data); }};
  for (const auto& call : calls) {
    try {
      call();
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::not_finite);
      ASSERT_EQ(error.details().size(), 2U);
      EXPECT_EQ(std::get<std::int64_t>(error.details()[0].second), 7);
      EXPECT_EQ(std::get<std::int64_t>(error.details()[1].second), 2);
    }
  }
}

TEST(Libsvm, IsThePinnedVersion) { EXPECT_EQ(libsvm_version(), "3.37"); }

}  // namespace
}  // namespace unreel::svm
