// SPDX-License-Identifier: Apache-2.0
// staggered_race.cpp: when to start the next candidate, and when it is over.
#include <skein/core/detail/gather_state.hpp>
#include <skein/core/detail/watcher.hpp>
#include <skein/core/errors.hpp>
#include <skein/core/staggered_race.hpp>

namespace skein::detail {
namespace {

/// The candidates that were started, and what became of them.
class field {
 public:
  explicit field(std::vector<std::exception_ptr>& exceptions) : exceptions_{exceptions} {}

  void add(state_ref<> task) {
    running_.push_back(std::move(task));
    exceptions_.push_back(nullptr);
  }
  void cancel() {
    for (state_ref<> const& task : running_) {
      if (task) {
        task->cancel({});
      }
    }
  }
  /// Takes note of those that have ended.
  ///
  /// Returns     True when the last that was started has failed.
  bool look() {
    bool last_failed = false;
    for (std::size_t i = 0; i < running_.size(); ++i) {
      if (!running_[i] || !running_[i]->done()) {
        continue;
      }
      state_ref<> const task = std::exchange(running_[i], {});
      ++ended_;
      exceptions_[i] = error_of_done(*task);
      if (exceptions_[i] != nullptr) {
        last_failed = i + 1 == running_.size();
      } else if (!winner_) {
        winner_ = i;
        cancel();
      } else {
        exceptions_[i] = std::make_exception_ptr(cancelled_error{});  // it came second
      }
    }
    return last_failed;
  }

  [[nodiscard]] std::optional<std::size_t> winner() const noexcept { return winner_; }
  [[nodiscard]] std::size_t started() const noexcept { return running_.size(); }
  [[nodiscard]] bool all_ended() const noexcept { return ended_ == running_.size(); }

 private:
  std::vector<std::exception_ptr>& exceptions_;
  std::vector<state_ref<>> running_;  // null: it has ended
  std::size_t ended_ = 0;
  std::optional<std::size_t> winner_;
};

}  // namespace

coro<std::optional<std::size_t>> run_staggered(candidate_list& candidates, std::size_t count,
                                               std::optional<delay> head_start,
                                               std::vector<std::exception_ptr>& exceptions) {
  watching<ringing_watcher> const all{new ringing_watcher{count}};
  field running{exceptions};
  std::exception_ptr cancelled;
  bool start_next = true;
  lowlevel::instant next_start = lowlevel::never;
  for (;;) {
    start_next = running.look() || start_next;
    bool const may_start = !running.winner() && cancelled == nullptr && running.started() < count;
    if (may_start && (start_next || clock::now().time_since_epoch().count() >= next_start)) {
      state_ref<> const next = candidates.start(running.started());
      running.add(next);
      all->watch(next);
      start_next = false;
      next_start = head_start ? deadline_from_now(*head_start) : lowlevel::never;
    } else if (running.all_ended() && !may_start) {
      break;
    }
    try {
      co_await all->bell.wait_until(may_start ? next_start : lowlevel::never);
    } catch (cancelled_error const&) {
      cancelled = std::current_exception();
      running.cancel();
    }
  }
  if (cancelled != nullptr) {
    std::rethrow_exception(std::move(cancelled));
  }
  co_return running.winner();
}

}  // namespace skein::detail
