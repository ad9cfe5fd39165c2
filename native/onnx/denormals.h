// The floating-point mode of ORT's runs, kept away from everybody else's arithmetic.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace unreel::onnx {

/**
 * While it lives, denormals of the calling thread are read and written as zero; then the mode is what it was. ORT sets
 * the mode for its own threads, and for good on the first thread that opens a session: there, code that promises bits
 * (libsvm, losses) would silently compute something else.
 */
class DenormalsAsZero {
 public:
  DenormalsAsZero() : before_(read()) { write(before_ | kFlush); }
  ~DenormalsAsZero() { write(before_); }
  DenormalsAsZero(const DenormalsAsZero&) = delete;
  DenormalsAsZero& operator=(const DenormalsAsZero&) = delete;

 private:
#if defined(__SSE2__)
  using Mode = unsigned;
  static constexpr Mode kFlush = 0x8040;  // MXCSR: flush to zero, denormals are zero
  static Mode read() { return _mm_getcsr(); }
  static void write(Mode mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__)
  using Mode = std::uint64_t;
  static constexpr Mode kFlush = Mode{1} << 24;  // FPCR.FZ
  static Mode read() {
    Mode mode;
    asm volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
  }
  static void write(Mode mode) { asm volatile("msr fpcr, %0" ::"r"(mode)); }
#else
  using Mode = unsigned;
  static constexpr Mode kFlush = 0;
  static Mode read() { return 0; }
  static void write(Mode) {}
#endif

  const Mode before_;
};

}  // namespace unreel::onnx
