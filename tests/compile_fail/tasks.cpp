// SPDX-License-Identifier: Apache-2.0
// tasks.cpp: what makes no task, and what is done to none.
#include <skein/core/create_task.hpp>
#include <skein/core/executor.hpp>
#include <skein/core/gather.hpp>
#include <skein/core/race.hpp>
#include <skein/core/run.hpp>
#include <skein/core/shield.hpp>
#include <skein/core/task_group.hpp>
#include <skein/core/wait.hpp>

#include <vector>

inline skein::coro<int> twice(int n) { co_return 2 * n; }
inline int plain() { return 1; }

inline void makes(skein::event_loop& loop, skein::task_group& group) {
  auto c = twice(1);
  skein::create_task(std::move(c));
  // not: skein::create_task(c);
  // says: a coro is given away: write std::move(c)
  skein::create_task(twice, 1);
  // not: skein::create_task(twice);
  // says: give a coro, or what returns one and its arguments
  skein::create_task([] { return twice(1); });
  // not: skein::create_task([] { return 1; });
  // says: give a coro, or what returns one and its arguments
  loop.create_task(twice, 1);
  // not: loop.create_task(plain);
  // says: give a coro, or what returns one and its arguments
  group.create_task(twice(1));
  // not: group.create_task(42);
  // says: give a coro, or what returns one and its arguments
  skein::run(twice(1));
  // not: skein::run(plain);
  // says: give a coro, or a function without parameters that returns one
  static_cast<void>(skein::to_thread(plain));
  // not: static_cast<void>(skein::to_thread(twice, 1));
  // says: create_task starts a coroutine
  static_cast<void>(skein::run_in_executor(nullptr, plain));
  // not: static_cast<void>(skein::run_in_executor(nullptr, twice, 1));
  // says: create_task starts a coroutine
}

inline skein::coro<> combines(skein::task<int> t, skein::future<int> f) {
  auto c = twice(1);
  static_cast<void>(co_await skein::gather(std::move(c), twice(2)));
  // not: static_cast<void>(co_await skein::gather(c, twice(2)));
  // says: a coro is given away: write std::move(c)
  auto d = twice(1);
  static_cast<void>(co_await skein::race(std::move(d), twice(2)));
  // not: static_cast<void>(co_await skein::race(d, twice(2)));
  // says: a coro is given away: write std::move(c)
  auto e = twice(1);
  static_cast<void>(co_await skein::shield(std::move(e)));
  // not: static_cast<void>(co_await skein::shield(e));
  // says: a coro is given away: write std::move(c)
  std::vector<skein::task<int>> several{skein::create_task(twice, 1)};
  // not: std::vector<skein::coro<int>> several;
  // says: waits for tasks and futures: create_task makes them of coroutines
  static_cast<void>(co_await skein::wait(several));
  f.set_result(1);
  // not: t.set_result(1);
  // says: the coroutine of a task gives its result
  f.set_exception(std::runtime_error{"no"});
  // not: t.set_exception(std::runtime_error{"no"});
  // says: the coroutine of a task gives its result
  t.cancel();
}
