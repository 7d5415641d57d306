// SPDX-License-Identifier: Apache-2.0
// values.cpp: types that a container of skein cannot hold.
#include <skein/core/async_generator.hpp>
#include <skein/core/context.hpp>
#include <skein/core/staggered_race.hpp>
#include <skein/sync/queue.hpp>
#include <skein/sync/watch.hpp>

#include <functional>
#include <memory>
#include <vector>

inline skein::queue<int*> numbers;
// not: inline skein::queue<int&> numbers;
// says: items are moved in and out: a pointer refers to something
inline skein::watch<std::shared_ptr<int>> latest{nullptr};
// not: inline skein::watch<std::unique_ptr<int>> latest{nullptr};
// says: everybody gets a copy
inline skein::context_var<std::shared_ptr<int>> request{"request"};
// not: inline skein::context_var<std::unique_ptr<int>> request{"request"};
// says: every reader gets a copy of the value: use a std::shared_ptr for what cannot be copied

inline skein::async_generator<int> counts() { co_yield 1; }

inline skein::coro<> loops(std::vector<int> range) {
  co_await skein::for_each(counts(), [](int) {});
  // not: co_await skein::for_each(range, [](int) {});
  // says: for async generators: a plain range has the loop of C++
  for (int const n : range) {
    static_cast<void>(n);
  }
  std::vector<std::function<skein::coro<int>()>> candidates;
  // not: std::vector<std::function<int()>> candidates;
  // says: the candidates are callables that return a coro
  static_cast<void>(co_await skein::staggered_race(candidates, std::nullopt));
}
