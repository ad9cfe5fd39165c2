#include "binding/error_to_js.h"

#include <new>
#include <variant>

#include "base/error.h"

namespace unreel::binding {
namespace {

Napi::Error coded(Napi::Env env, const Error& error) {
  Napi::Error js = Napi::Error::New(env, error.message());
  js.Set("code", Napi::String::New(env, error_info(error.code()).code));
  Napi::Object details = Napi::Object::New(env);
  for (const auto& [name, value] : error.details()) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      details.Set(name, *text);
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      details.Set(name, static_cast<double>(*whole));
    } else {
      details.Set(name, std::get<double>(value));
    }
  }
  js.Set("details", details);
  return js;
}

}  // namespace

Napi::Error error_to_js(Napi::Env env, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    return coded(env, e);
  } catch (const std::bad_alloc&) {
    return coded(
        env, Error(ErrorCode::out_of_memory, "Memory ran out; use fewer workers, a smaller batch or smaller inputs."));
  } catch (const std::exception& e) {
    return coded(env, Error(ErrorCode::internal, std::string("Unexpected failure inside unreel: ") + e.what()));
  } catch (...) {
    return coded(env, Error(ErrorCode::internal, "Unexpected failure inside unreel."));
  }
}

}  // namespace unreel::binding
