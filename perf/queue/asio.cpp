// SPDX-License-Identifier: Apache-2.0
// asio.cpp: queue and queue44 on Asio: a channel, waited for only when it is full or empty.
#include "../runtimes/asio.hpp"

#include <numeric>

namespace perf {
namespace {

constexpr std::size_t capacity = 1000;

template <class Channel>
coro<std::uint64_t> produce(Channel& channel, std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t i = first; i < last; ++i) {
    if (!channel.try_send(asio::error_code{}, i)) {
      co_await channel.async_send(asio::error_code{}, i, use_coro);
    }
  }
  co_return 0;
}

template <class Channel>
coro<std::uint64_t> consume(Channel& channel, std::uint64_t count) {
  std::uint64_t sum = 0;
  auto const add = [&sum](asio::error_code, std::uint64_t item) { sum += item; };
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!channel.try_receive(add)) {
      sum += co_await channel.async_receive(use_coro);
    }
  }
  co_return sum;
}

template <class Channel>
coro<void> work(request const& r, result& out, std::uint64_t pairs) {
  auto const where = co_await asio::this_coro::executor;
  Channel channel{where, capacity};
  std::vector<std::uint64_t> sums(2 * pairs);  // those of producers are 0
  join_counter all{where, sums.size()};
  std::uint64_t const each = r.size / pairs;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    spawn_into(where, produce(channel, i * each, (i + 1) * each), sums[2 * i], all);
    spawn_into(where, consume(channel, each), sums[2 * i + 1], all);
  }
  co_await all.wait();
  out.answer = std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

result run(request const& r, std::uint64_t pairs) {
  return on_asio(r, [pairs](request const& asked, result& out) {
    return asked.workers == 1 ? work<unlocked_channel<std::uint64_t>>(asked, out, pairs)
                              : work<locked_channel<std::uint64_t>>(asked, out, pairs);
  });
}

workload const one_to_one{"queue", [](request const& r) { return run(r, 1); }};
workload const four_to_four{"queue44", [](request const& r) { return run(r, 4); }};

}  // namespace
}  // namespace perf
