// Numbers in files are written with a point whatever the process's locale says.
#pragma once

#include <locale.h>

#include <new>

namespace unreel::svm {

/// While it lives, strtod and printf of this thread follow the C locale.
class CLocale {
 public:
  CLocale() : locale_(newlocale(LC_ALL_MASK, "C", nullptr)) {
    if (locale_ == nullptr) throw std::bad_alloc();
    previous_ = uselocale(locale_);
  }
  ~CLocale() {
    uselocale(previous_);
    freelocale(locale_);
  }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;

 private:
  locale_t locale_;
  locale_t previous_;
};

}  // namespace unreel::svm
