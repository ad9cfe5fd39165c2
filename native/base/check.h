// A broken promise inside unreel. The user's faults are Errors with a code of their own; this one is ours.
#pragma once

#include <string>

#include "base/error.h"

#define UNREEL_STRINGIFY_(x) #x
#define UNREEL_STRINGIFY(x) UNREEL_STRINGIFY_(x)

/// Throws `internal` with the place when `condition` does not hold. For invariants, never for input.
#define UNREEL_CHECK(condition)                                                                             \
  do {                                                                                                      \
    if (!(condition)) {                                                                                     \
      throw ::unreel::Error(::unreel::ErrorCode::internal,                                                  \
                            "Broken invariant " #condition " at " __FILE__ ":" UNREEL_STRINGIFY(__LINE__)); \
    }                                                                                                       \
  } while (false)
