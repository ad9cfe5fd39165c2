#include "svm/random_stream.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace unreel::svm {
namespace {

/// glibc's generator with the size of state that rand() has.
class Stream {
 public:
  explicit Stream(unsigned seed) {
    std::memset(&data_, 0, sizeof(data_));
    initstate_r(seed, state_, sizeof(state_), &data_);
  }

  int next() {
    std::int32_t value = 0;
    random_r(&data_, &value);
    return value;
  }
  void begin(unsigned seed) { srandom_r(seed, &data_); }

 private:
  random_data data_;
  char state_[128];
};

thread_local Stream stream(1);

}  // namespace

void begin_stream(unsigned seed) { stream.begin(seed); }

int next_of_stream() { return stream.next(); }

}  // namespace unreel::svm
