// SPDX-License-Identifier: Apache-2.0
// race.cpp: waiting for the first, and then for the rest.
#include <skein/core/detail/watcher.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/race.hpp>

#include <optional>
#include <stdexcept>

namespace skein::detail {
namespace {

void cancel_unfinished(std::vector<state_ref<>> const& racers) {
  for (state_ref<> const& racer : racers) {
    if (!racer->done()) {
      racer->cancel({});
    }
  }
}

}  // namespace

coro<std::size_t> run_race(std::vector<state_ref<>> racers, std::exception_ptr error) {
  if (error != nullptr) {
    cancel_unfinished(racers);
  } else if (racers.empty()) {
    throw std::invalid_argument{"race: there are no racers: give at least one"};
  }
  watching<ringing_watcher> const all{new ringing_watcher{racers.size()}};
  for (state_ref<> const& racer : racers) {
    all->watch(racer);
  }
  std::optional<std::size_t> first;
  for (;;) {
    auto const done = all->done();
    if (!first && !done.empty()) {
      first = done.front();
      cancel_unfinished(racers);
    }
    if (done.size() == racers.size()) {
      break;
    }
    try {
      co_await all->bell.wait();
    } catch (cancelled_error const&) {
      error = std::current_exception();
      cancel_unfinished(racers);
    }
  }
  for (state_ref<> const& racer : racers) {
    if (racer.get() != racers[first.value_or(0)].get() || error != nullptr) {
      racer->mark_retrieved();
    }
  }
  if (error != nullptr) {
    std::rethrow_exception(std::move(error));
  }
  co_return *first;
}

}  // namespace skein::detail
