// SPDX-License-Identifier: Apache-2.0
// on_one_core.hpp: the CPU mask of the calling thread.
#pragma once

#include <support/catch.hpp>

#include <sched.h>

#include <cstddef>

namespace skein_test {

/// Returns     How many cores the calling thread may use.
inline unsigned cores_of_thread() {
  cpu_set_t mask;
  REQUIRE(::sched_getaffinity(0, sizeof mask, &mask) == 0);
  return static_cast<unsigned>(CPU_COUNT(&mask));
}

/// Keeps the calling thread to the first of its cores.
class on_one_core {
 public:
  on_one_core() {
    REQUIRE(::sched_getaffinity(0, sizeof before_, &before_) == 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &before_)) {
        CPU_SET(cpu, &one);
        break;
      }
    }
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  }
  on_one_core(on_one_core const&) = delete;
  on_one_core& operator=(on_one_core const&) = delete;
  ~on_one_core() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

}  // namespace skein_test
