// SPDX-License-Identifier: Apache-2.0
// seed_11.cpp: call_soon with arguments and with a context.
// needs: skein/core/context.hpp
#include "seeds.hpp"

#include <skein/core/context.hpp>

namespace {

skein::context_var<std::string> session{"session", "none"};

void callback(std::string const& what) { fmt::print("{} {}\n", what, session.get()); }

void example() {
  auto const loop = seeds::new_event_loop();
  auto context = skein::copy_context();
  context.run([] { session.set("given"); });
  session.set("current");
  loop->call_soon(callback, std::string{"without a context:"});
  loop->call_soon(skein::with_context{context}, callback, std::string{"with a context:"});
  session.set("later");
  loop->call_soon([&loop] { loop->stop(); });
  loop->run_forever();
  loop->close();
}

seeds::registration const here{"seed_11", example};

}  // namespace
