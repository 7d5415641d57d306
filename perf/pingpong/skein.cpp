// SPDX-License-Identifier: Apache-2.0
// skein.cpp: pingpong on skein: two tasks that wake each other through two events.
//
// Events and not queues of one item: an event is the least that can wake a task, and asyncio has it too.
#include "../runtimes/skein.hpp"

namespace perf {
namespace {

struct table {
  skein::event ping;
  skein::event pong;
};

auto player(table& t, std::uint64_t rounds) -> skein::coro<std::uint64_t> {
  std::uint64_t returned = 0;
  for (; returned < rounds; ++returned) {
    co_await t.ping.wait();
    t.ping.clear();
    t.pong.set();
  }
  co_return returned;
}

auto work(request const& r, result& out) -> skein::coro<void> {
  table t;
  auto opponent = skein::create_task(player(t, r.size));
  for (std::uint64_t i = 0; i < r.size; ++i) {
    t.ping.set();
    co_await t.pong.wait();
    t.pong.clear();
  }
  out.answer = co_await opponent;
}

workload const scenario{"pingpong", [](request const& r) { return on_skein(r, work); }};

}  // namespace
}  // namespace perf
