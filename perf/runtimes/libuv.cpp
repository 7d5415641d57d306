// SPDX-License-Identifier: Apache-2.0
// libuv.cpp: the scenario `idle` on libuv.
#include "libuv.hpp"

namespace perf {
namespace {

workload const scenario{"idle", [](request const& r) {
                          uv_timer_t timer;
                          return on_libuv(r, [&](uv_loop_t& loop, request const&, result&) {
                            check_uv("uv_timer_init", ::uv_timer_init(&loop, &timer));
                            auto const close = [](uv_timer_t* done) {
                              ::uv_close(reinterpret_cast<uv_handle_t*>(done), nullptr);
                            };
                            check_uv("uv_timer_start", ::uv_timer_start(&timer, close, 30, 0));
                          });
                        }};

}  // namespace

std::string runtime_version() { return ::uv_version_string(); }

}  // namespace perf
