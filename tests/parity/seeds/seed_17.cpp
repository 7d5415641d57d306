// SPDX-License-Identifier: Apache-2.0
// seed_17.cpp: call_at takes a time of the loop.
#include "seeds.hpp"

namespace {

skein::clock::duration span(double n) {
  return std::chrono::duration_cast<skein::clock::duration>(seeds::seconds(n));
}

void example() {
  auto const loop = seeds::new_event_loop();
  auto const start = loop->time();
  auto const tell = [&](std::string const& what) {
    fmt::print("{} {:.1f}\n", what, (loop->time() - start) / seeds::seconds(1));
  };
  loop->call_at(start + span(2), tell, std::string{"two"});
  loop->call_at(start + span(1), tell, std::string{"one"});
  loop->call_at(start + span(3), [&loop] { loop->stop(); });
  loop->run_forever();
  loop->close();
}

seeds::registration const here{"seed_17", example};

}  // namespace
