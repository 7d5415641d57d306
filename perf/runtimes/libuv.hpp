// SPDX-License-Identifier: Apache-2.0
// libuv.hpp: how a workload is run and measured on libuv: one loop on one thread.
#pragma once

#include "workload.hpp"

#include <uv.h>

#include <stdexcept>
#include <string>

namespace perf {

/// Throws      `std::runtime_error` when libuv says that the call failed.
inline void check_uv(char const* call, int code) {
  if (code < 0) {
    throw std::runtime_error{std::string{call} + ": " + ::uv_strerror(code)};
  }
}

/// Runs `start(loop, request, result&)`, then the loop until nothing is left to wait for, and measures both.
template <class Start>
[[nodiscard]] result on_libuv(request const& r, Start start) {
  uv_loop_t loop;
  check_uv("uv_loop_init", ::uv_loop_init(&loop));
  result out;
  stopwatch const watch;
  start(loop, r, out);
  check_uv("uv_run", ::uv_run(&loop, UV_RUN_DEFAULT));
  watch.stop(out);
  check_uv("uv_loop_close", ::uv_loop_close(&loop));
  return out;
}

}  // namespace perf
