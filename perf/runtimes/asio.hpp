// SPDX-License-Identifier: Apache-2.0
// asio.hpp: how a workload is run and measured on Asio's coroutines.
//
// One io_context, run by as many threads as there are workers: the way in which Asio spreads work over cores.
// With one worker it is made with the concurrency hint 1, which leaves out what only several threads need.
#pragma once

#include "workload.hpp"

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/experimental/concurrent_channel.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace perf {

/// The executor is io_context's own and not any_io_executor: that is faster, and Asio documents it.
using executor = asio::io_context::executor_type;
template <class T>
using coro = asio::awaitable<T, executor>;
using use_coro_type = asio::use_awaitable_t<executor>;
inline constexpr use_coro_type use_coro{};

/// Channels that one thread uses and channels that several may use are two types in Asio.
template <class... Values>
using unlocked_channel = asio::experimental::channel<executor, void(asio::error_code, Values...)>;
template <class... Values>
using locked_channel = asio::experimental::concurrent_channel<executor, void(asio::error_code, Values...)>;

/// Many coroutines and one that awaits all of them. Asio's own means for this (`make_parallel_group`) takes
/// them at once and keeps the order in which they end; counting down in the completion handler is cheaper.
///
/// Lifetime    Outlives `wait`. The last to be done does not touch it any more when the waiter runs.
class join_counter {
 public:
  join_counter(executor where, std::size_t count) : where_{where}, left_{count + 1} {}

  void one_done() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      asio::post(where_, std::move(*waiter_));
    }
  }
  [[nodiscard]] coro<void> wait() {
    co_await asio::async_initiate<use_coro_type const, void()>(
        [this](handler waiter) {
          waiter_.emplace(std::move(waiter));
          one_done();  // the one that `left_` began with
        },
        use_coro);
  }

 private:
  using handler = asio::async_result<use_coro_type, void()>::handler_type;

  executor where_;
  std::atomic<std::size_t> left_;
  std::optional<handler> waiter_;
};

/// Starts a coroutine whose value is written to `value` and whose end is told to `all`.
template <class T>
void spawn_into(executor where, coro<T> work, T& value, join_counter& all) {
  asio::co_spawn(where, std::move(work), [&value, &all](std::exception_ptr error, T done) {
    if (error) {
      std::rethrow_exception(error);
    }
    value = done;
    all.one_done();
  });
}

/// Runs `work(request, result&)`, which returns `coro<void>`, on r.workers threads, and measures it.
template <class Work>
[[nodiscard]] result on_asio(request const& r, Work work) {
  asio::io_context context{static_cast<int>(r.workers)};
  result out;
  auto const measured = [&]() -> coro<void> {
    stopwatch const watch;
    co_await work(r, out);
    watch.stop(out);
    context.stop();
  };
  asio::co_spawn(context.get_executor(), measured(), [](std::exception_ptr error) {
    if (error) {
      std::rethrow_exception(error);
    }
  });
  std::vector<std::jthread> others;
  for (unsigned i = 1; i < r.workers; ++i) {
    others.emplace_back([&] { context.run(); });
  }
  context.run();
  return out;
}

}  // namespace perf
