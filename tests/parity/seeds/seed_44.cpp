// SPDX-License-Identifier: Apache-2.0
// seed_44.cpp: an async context manager: its exit sees the error.
// needs: skein/core/with.hpp
#include "seeds.hpp"

#include <skein/core/sleep.hpp>
#include <skein/core/with.hpp>

#include <exception>
#include <stdexcept>

namespace {

class async_resource {
 public:
  skein::coro<> aenter() {
    co_await skein::sleep(seeds::seconds(1));
    fmt::print("connected\n");
  }
  skein::coro<bool> aexit(std::exception_ptr error) {
    co_await skein::sleep(seeds::seconds(1));
    fmt::print("{}\n", error ? "closed after an error" : "closed");
    co_return false;
  }
  void use() { fmt::print("used\n"); }
};

skein::coro<> main_task() {
  co_await skein::with(async_resource{}, [](async_resource& resource) -> skein::coro<> {
    resource.use();
    co_return;
  });
  try {
    co_await skein::with(async_resource{}, []() -> skein::coro<> {
      throw std::invalid_argument{"no luck"};
      co_return;
    });
  } catch (std::invalid_argument const& error) {
    fmt::print("{}\n", error.what());
  }
}

void example() { seeds::run(main_task()); }

seeds::registration const here{"seed_44", example};

}  // namespace
