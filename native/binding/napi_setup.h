// The one place that includes napi.h, with the switches that every file of binding/ must share.
#pragma once

#define NODE_ADDON_API_DISABLE_DEPRECATED
#define NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS

// A worker that is being terminated refuses every call; what can then not be thrown is no fault worth aborting for.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS

#include <napi.h>
