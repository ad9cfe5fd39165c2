// libsvm's names in its model files.
#pragma once

#include <array>
#include <string_view>

namespace unreel::svm {

/// In the order of the enums Formulation and Kernel. Source: libsvm 3.37 svm.cpp, svm_type_table, kernel_type_table.
constexpr std::array<std::string_view, 3> kFormulations = {"c_svc", "nu_svc", "one_class"};
constexpr std::array<std::string_view, 4> kKernels = {"linear", "polynomial", "rbf", "sigmoid"};

}  // namespace unreel::svm
