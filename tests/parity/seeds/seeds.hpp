// SPDX-License-Identifier: Apache-2.0
// seeds.hpp: what the examples share: their list, how they run, and seconds that cost nothing.
#pragma once

#include <skein/core/event_loop.hpp>
#include <skein/core/run.hpp>

#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Each example is a file seed_NN.cpp that registers itself. It runs in virtual time on one worker, or on
/// several with tenths for seconds; it prints the same both times, its lines in any order on several.
namespace seeds {

struct example {
  std::string name;
  void (*run)();
};

[[nodiscard]] std::vector<example>& all();

struct registration {
  registration(char const* name, void (*run)()) { all().push_back({name, run}); }
};

/// How many workers; 1 is virtual time.
[[nodiscard]] unsigned& workers();

/// A second of the tutorial.
[[nodiscard]] inline std::chrono::duration<double> seconds(double n) {
  return std::chrono::duration<double>{workers() == 1 ? n : n / 10};
}
/// Seconds of the tutorial since then.
[[nodiscard]] inline double seconds_since(skein::clock::time_point start) {
  return (skein::clock::now() - start) / seconds(1);
}

template <class Main>
auto run(Main&& main) {
  return skein::run(std::forward<Main>(main), {.workers = workers(), .virtual_time = workers() == 1});
}

[[nodiscard]] inline std::unique_ptr<skein::event_loop> new_event_loop() {
  return skein::new_event_loop({.virtual_time = workers() == 1});
}

}  // namespace seeds
