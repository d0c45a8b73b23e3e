// Lets a SavedModel say how its session computes. tfjs-node opens sessions with TensorFlow's defaults: as many threads
// as there are cores, which for a small graph is slower than one. Compiled in the binding, which calls this in place of
// TF_LoadSessionFromSavedModel: where a file session_config.pb (a ConfigProto) lies beside the graph, the session takes
// it, and has threads of its own.
#undef TF_LoadSessionFromSavedModel
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include "tensorflow/c/c_api.h"

namespace tensorflow {
// Of tensorflow/core/common_runtime/local_device.h, which no wheel ships. Null in a library that hides it: then the
// process-wide threads stay, and only the rest of the configuration counts.
class LocalDevice {
 public:
  static bool use_global_threadpool_ __attribute__((weak));
};
}  // namespace tensorflow

static std::string ConfigBeside(const char *export_dir) {
  std::ifstream file(std::string(export_dir) + "/session_config.pb", std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

extern "C" TF_Session *distill_LoadSession(const TF_SessionOptions *given, const TF_Buffer *run_options,
                                           const char *export_dir, const char *const *tags, int tags_len,
                                           TF_Graph *graph, TF_Buffer *meta_graph_def, TF_Status *status) {
  const std::string config = ConfigBeside(export_dir);
  if (config.empty())
    return TF_LoadSessionFromSavedModel(given, run_options, export_dir, tags, tags_len, graph, meta_graph_def, status);
  TF_SessionOptions *options = TF_NewSessionOptions();
  TF_SetConfig(options, config.data(), config.size(), status);
  TF_Session *session = nullptr;
  if (TF_GetCode(status) == TF_OK) {
    static std::mutex one_at_a_time;  // worker threads of Node.js share the flag
    const std::lock_guard<std::mutex> lock(one_at_a_time);
    bool *global = &tensorflow::LocalDevice::use_global_threadpool_;
    const bool before = global != nullptr && *global;
    if (global != nullptr) *global = false;
    session = TF_LoadSessionFromSavedModel(options, run_options, export_dir, tags, tags_len, graph, meta_graph_def, status);
    if (global != nullptr) *global = before;
  }
  TF_DeleteSessionOptions(options);
  return session;
}
