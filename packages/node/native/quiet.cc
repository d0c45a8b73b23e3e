// TensorFlow writes about itself to standard error while its library loads, and no setting stops all of it.
// begin() sends standard error nowhere and returns where it went; end(that) brings it back.
#include <fcntl.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static napi_value Begin(napi_env env, napi_callback_info) {
  // process.env of a worker thread does not reach native code
  setenv("TF_CPP_MIN_LOG_LEVEL", "2", 0);
  fflush(stderr);
  int saved = dup(STDERR_FILENO);
  int nowhere = open("/dev/null", O_WRONLY);
  if (saved >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  if (nowhere >= 0) close(nowhere);
  napi_value result;
  napi_create_int32(env, saved, &result);
  return result;
}

static napi_value End(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  int saved = -1;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &saved);
  if (saved < 0) return nullptr;
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  return nullptr;
}

static napi_value Init(napi_env env, napi_value exports) {
  napi_value begin, end;
  napi_create_function(env, "begin", NAPI_AUTO_LENGTH, Begin, nullptr, &begin);
  napi_create_function(env, "end", NAPI_AUTO_LENGTH, End, nullptr, &end);
  napi_set_named_property(env, exports, "begin", begin);
  napi_set_named_property(env, exports, "end", end);
  return exports;
}

NAPI_MODULE(quiet, Init)
