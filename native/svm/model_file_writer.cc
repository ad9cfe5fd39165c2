#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "svm/c_locale.h"
#include "svm/model_file.h"
#include "svm/model_names.h"

namespace unreel::svm {
namespace {

/// A file that takes its name when commit() is called and vanishes otherwise.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path), scratch_(scratch_name(path)), file_(std::fopen(scratch_.c_str(), "wb")) {
    if (!file_) fail();
  }
  ~NewFile() {
    if (!file_) return;
    file_.reset();
    std::remove(scratch_.c_str());
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  template <class... Values>
  void print(const char* format, Values... values) {
    if (std::fprintf(file_.get(), format, values...) < 0) fail();
  }

  void commit() {
    if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) fail();
    if (std::rename(scratch_.c_str(), path_.c_str()) != 0) fail();
    file_.reset();
  }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  static std::string scratch_name(const std::string& path) {
    static std::atomic<unsigned> counter{0};
    return path + ".tmp." + std::to_string(getpid()) + "." + std::to_string(counter++);
  }

  [[noreturn]] void fail() const {
    const std::string reason = std::strerror(errno);
    throw Error(ErrorCode::output_not_writable, "The SVM file " + path_ + " cannot be written: " + reason + ".")
        .with("path", path_)
        .with("reason", reason);
  }

  std::string path_;
  std::string scratch_;
  std::unique_ptr<std::FILE, Closer> file_;
};

/// The lines in libsvm's order. Source: libsvm 3.37 svm.cpp, svm_save_model.
void write_header(const DecisionFunction& svc, NewFile& file) {
  const auto name = [](std::string_view text) { return text.data(); };
  const KernelFunction& kernel = svc.kernel;
  file.print("svm_type %s\n", name(kFormulations.at(static_cast<std::size_t>(svc.formulation))));
  file.print("kernel_type %s\n", name(kKernels.at(static_cast<std::size_t>(kernel.kind))));
  if (kernel.kind == Kernel::polynomial) file.print("degree %d\n", kernel.degree);
  if (kernel.kind != Kernel::linear) file.print("gamma %.17g\n", kernel.gamma);
  if (kernel.kind == Kernel::polynomial || kernel.kind == Kernel::sigmoid) file.print("coef0 %.17g\n", kernel.coef0);
  file.print("nr_class 2\ntotal_sv %zu\nrho %.17g\n", svc.count(), svc.rho);
  if (svc.formulation != Formulation::one_class) {
    file.print("label %d %d\n", svc.labels[0], svc.labels[1]);
    if (svc.sigmoid) file.print("probA %.17g\nprobB %.17g\n", svc.sigmoid->a, svc.sigmoid->b);
    file.print("nr_sv %zu %zu\n", svc.counts[0], svc.counts[1]);
  } else if (svc.density_marks) {
    file.print("prob_density_marks");
    for (double mark : *svc.density_marks) file.print(" %.17g", mark);
    file.print("\n");
  }
  file.print("SV\n");
}

}  // namespace

void write_model_file(const DecisionFunction& svc, const std::string& path) {
  const CLocale locale;
  NewFile file(path);
  write_header(svc, file);
  const double* value = svc.vectors.data();
  for (double coefficient : svc.coefficients) {
    file.print("%.17g ", coefficient);
    for (std::size_t k = 1; k <= svc.dims; ++k) file.print("%zu:%.17g ", k, *value++);
    file.print("\n");
  }
  file.commit();
}

}  // namespace unreel::svm
