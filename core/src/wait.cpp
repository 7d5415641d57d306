// SPDX-License-Identifier: Apache-2.0
// wait.cpp: the condition that a wait ends with.
#include <skein/core/wait.hpp>

#include <stdexcept>
#include <string>

namespace skein::detail {
namespace {

/// Rings when what `wait` waits for has come true.
class wait_watcher final : public watcher {
 public:
  wait_watcher(std::size_t count, return_when_t when) : watcher{count}, left_{count}, when_{when} {}

 private:
  void told(std::size_t index) noexcept override {
    bool const last = left_.fetch_sub(1, lowlevel::memory_order_acq_rel) == 1;
    if (last || when_ == first_completed || (when_ == first_exception && looks_failed(future(index)))) {
      bell.ring();
    }
  }

  // asyncio asks for the error, which then counts as seen; it does not ask the last one.
  static bool looks_failed(future_state& future) noexcept {
    if (future.status() != future_status::failed) {
      return false;
    }
    future.mark_retrieved();
    return true;
  }

  lowlevel::atomic<std::size_t> left_;
  return_when_t const when_;
};

void check(std::vector<state_ref<>> const& futures, wait_options const& options) {
  if (futures.empty()) {
    throw std::invalid_argument{"wait: Set of Tasks/Futures is empty: give at least one"};
  }
  if (options.return_when < first_completed || options.return_when > all_completed) {
    throw std::invalid_argument{
        "wait: Invalid return_when value: " + std::to_string(static_cast<int>(options.return_when)) +
        ": use first_completed, first_exception or all_completed"};
  }
}

}  // namespace

coro<std::vector<std::size_t>> wait_until_done(std::vector<state_ref<>> futures, wait_options options) {
  check(futures, options);
  lowlevel::instant const deadline = options.timeout ? deadline_from_now(*options.timeout) : lowlevel::never;
  watching<wait_watcher> const all{new wait_watcher{futures.size(), options.return_when}};
  for (state_ref<>& future : futures) {
    all->watch(std::move(future));
  }
  co_await all->bell.wait_until(deadline);
  co_return all->done();
}

}  // namespace skein::detail
