// Heads, trainings and their states as JavaScript sees them. JS thread.
#pragma once

#include "binding/napi_setup.h"
#include "contrast/head.h"
#include "contrast/standardized_training.h"

namespace unreel::binding {

/// {layers: [{in, out, weight, bias}]}
contrast::Head head_argument(const Napi::Value& value);
Napi::Object head_to_js(Napi::Env env, const contrast::Head& head);

contrast::TrainerOptions trainer_options(const Napi::Object& object);

Napi::Object epoch_to_js(Napi::Env env, const contrast::EpochReport& report);

/// All of a state but its history, which whoever listens to the epochs has; trainer_state() wants it back.
Napi::Object trainer_state_to_js(Napi::Env env, const contrast::TrainerState& state);
contrast::TrainerState trainer_state(const Napi::Object& object);

/// {state, end, head?, failure?}
Napi::Object trained_to_js(Napi::Env env, const contrast::StandardizedTraining& trained);

}  // namespace unreel::binding
