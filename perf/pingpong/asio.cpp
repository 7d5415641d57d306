// SPDX-License-Identifier: Apache-2.0
// asio.cpp: pingpong on Asio: two channels of one item, since it has no events. The items are there because a
// channel of error codes alone does not compile in 1.22.
#include "../runtimes/asio.hpp"

namespace perf {
namespace {

template <class Signal>
struct table {
  explicit table(executor where) : ping{where, 1}, pong{where, 1} {}

  Signal ping;
  Signal pong;
};

template <class Signal>
coro<std::uint64_t> player(table<Signal>& t, std::uint64_t rounds) {
  std::uint64_t returned = 0;
  for (; returned < rounds; ++returned) {
    co_await t.ping.async_receive(use_coro);
    t.pong.try_send(asio::error_code{}, true);
  }
  co_return returned;
}

template <class Signal>
coro<void> work(request const& r, result& out) {
  auto const where = co_await asio::this_coro::executor;
  table<Signal> t{where};
  join_counter all{where, 1};
  spawn_into(where, player(t, r.size), out.answer, all);
  for (std::uint64_t i = 0; i < r.size; ++i) {
    t.ping.try_send(asio::error_code{}, true);
    co_await t.pong.async_receive(use_coro);
  }
  co_await all.wait();
}

workload const scenario{"pingpong", [](request const& r) {
                          return on_asio(
                              r, r.workers == 1 ? work<unlocked_channel<bool>> : work<locked_channel<bool>>);
                        }};

}  // namespace
}  // namespace perf
