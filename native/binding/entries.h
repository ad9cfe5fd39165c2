// The groups of entry points; each adds its functions to the addon's exports.
#pragma once

#include "binding/napi_setup.h"

namespace unreel::binding {

void export_media(Napi::Env env, Napi::Object exports);     // media_entries.cc
void export_encoder(Napi::Env env, Napi::Object exports);   // encoder_entries.cc
void export_spool(Napi::Env env, Napi::Object exports);     // spool_entries.cc
void export_training(Napi::Env env, Napi::Object exports);  // training_entries.cc
void export_svm(Napi::Env env, Napi::Object exports);       // svm_entries.cc

}  // namespace unreel::binding
