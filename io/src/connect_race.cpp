// SPDX-License-Identifier: Apache-2.0
// connect_race.cpp: trying addresses one after the other, each with a head start over the next.
#include "connect_race.hpp"

#include <skein/core/staggered_race.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

namespace skein::detail {
namespace {

/// Throws what came of addresses none of which has answered. What is no error of the system comes first.
[[noreturn]] void throw_all(std::vector<std::exception_ptr> const& errors) {
  std::optional<std::system_error> first;
  std::string texts;
  for (std::exception_ptr const& error : errors) {
    try {
      std::rethrow_exception(error);
    } catch (std::system_error const& e) {
      texts += (first ? ", " : "") + std::string{e.what()};
      first = first ? first : std::optional{e};
    }
  }
  if (errors.size() == 1) {
    throw std::system_error{*first};
  }
  throw std::system_error{first->code(), "Multiple exceptions: " + texts};
}

}  // namespace

std::vector<address> interleaved(std::vector<address> const& addresses, std::size_t head) {
  std::vector<std::vector<address>> families;  // those that are left, in the order of their first address
  for (address const& a : addresses) {
    auto const same = [&](std::vector<address> const& f) { return f.front().family() == a.family(); };
    auto const at = std::find_if(families.begin(), families.end(), same);
    (at != families.end() ? *at : families.emplace_back()).push_back(a);
  }
  std::vector<address> order;
  std::size_t longest = 0;
  for (std::vector<address>& family : families) {
    if (order.empty() && head > 1) {
      std::size_t const first = std::min(head - 1, family.size());
      order.assign(family.begin(), family.begin() + static_cast<std::ptrdiff_t>(first));
      family.erase(family.begin(), family.begin() + static_cast<std::ptrdiff_t>(first));
    }
    longest = std::max(longest, family.size());
  }
  for (std::size_t i = 0; i < longest; ++i) {
    for (std::vector<address> const& family : families) {
      if (i < family.size()) {
        order.push_back(family[i]);
      }
    }
  }
  return order;
}

coro<std::shared_ptr<stream>> connect_to_one_of(std::vector<address> addresses,
                                                std::optional<delay> head_start, connector connect) {
  std::vector<std::function<coro<std::shared_ptr<stream>>()>> candidates;
  for (address const& to : addresses) {
    candidates.emplace_back([&connect, &to] { return connect(to); });
  }
  auto result = co_await staggered_race(std::move(candidates), head_start);
  if (!result.winner) {
    throw_all(result.exceptions);
  }
  co_return std::move(*result.winner);
}

}  // namespace skein::detail
