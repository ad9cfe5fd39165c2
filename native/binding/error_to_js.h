// The one place where C++ exceptions become JavaScript errors.
#pragma once

#include <exception>

#include "binding/napi_setup.h"

namespace unreel::binding {

/// An Error object with `code` and `details`; whatever was thrown. JS thread.
Napi::Error error_to_js(Napi::Env env, const std::exception_ptr& error);

/// Runs a synchronous entry point: what it throws becomes a JavaScript error.
template <class Body>
auto guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw error_to_js(env, std::current_exception());
  }
}

}  // namespace unreel::binding
