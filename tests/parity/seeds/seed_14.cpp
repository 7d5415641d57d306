// SPDX-License-Identifier: Apache-2.0
// seed_14.cpp: call_later: a handle that knows when, and can be cancelled.
#include "seeds.hpp"

#include <skein/core/handle.hpp>

namespace {

void example() {
  auto const loop = seeds::new_event_loop();
  auto const print = [](std::string const& text) { fmt::print("{}\n", text); };
  skein::timer_handle const first =
      loop->call_later(seeds::seconds(0.5), print, std::string{"half a second"});
  skein::timer_handle second = loop->call_later(seeds::seconds(1), print, std::string{"a second"});
  loop->call_later(seeds::seconds(2), [&loop] { loop->stop(); });
  second.cancel();
  auto const apart = (second.when() - first.when()) / seeds::seconds(1);
  fmt::print("{:.1f} {}\n", apart, second.cancelled() ? "True" : "False");
  loop->run_forever();
  loop->close();
}

seeds::registration const here{"seed_14", example};

}  // namespace
