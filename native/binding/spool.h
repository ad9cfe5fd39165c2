// Spools as arguments of other entry points. JS thread.
#pragma once

#include "binding/napi_setup.h"
#include "media/byte_source.h"

namespace unreel::binding {

/// Whether the value is what createSpool() made.
bool is_spool(const Napi::Value& value);

/// The source that reads the spool; it feeds one video, so this is called once a spool.
media::OpenSource take_spool(const Napi::Value& value);

}  // namespace unreel::binding
