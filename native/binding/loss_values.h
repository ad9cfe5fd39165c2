// Losses as JavaScript names them. JS thread.
#pragma once

#include "binding/napi_setup.h"
#include "contrast/loss.h"

namespace unreel::binding {

/// NativeLossOptions of binding.ts.
contrast::LossOptions loss_options(const Napi::Object& object);

}  // namespace unreel::binding
