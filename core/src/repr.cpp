// SPDX-License-Identifier: Apache-2.0
// repr.cpp: futures and tasks as a line for people, close to how CPython shows them.
#include "await_chain.hpp"
#include "names.hpp"
#include "native_traceback.hpp"

#include <skein/core/detail/done_callback.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/future.hpp>
#include <skein/core/handle.hpp>
#include <skein/core/lowlevel/wait_node.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <mutex>
#include <string_view>

namespace skein {
namespace detail {
namespace {

// The callbacks of a future, as CPython lists them: all when there are two, else the first and the last.
struct listed_callbacks {
  std::size_t count = 0;
  call_ref first;
  call_ref last;

  void add(done_callback& callback) { (count++ == 0 ? first : last) = call_ref::share(&callback); }
  [[nodiscard]] std::string text() const {
    std::string const opening = callable_name(first->function_type());
    if (count == 1) {
      return opening;
    }
    std::string const between = count > 2 ? fmt::format("<{} more>, ", count - 2) : "";
    return opening + ", " + between + callable_name(last->function_type());
  }
};

// The innermost function of ours is of no interest: the first coroutine of the task is, as in asyncio.
std::string where_it_waits(task_state& task) {
  await_chain const chain{task};
  if (chain.places().empty()) {
    return {};
  }
  std::source_location const& at = chain.places().back();
  return fmt::format("{}() running at {}:{}", short_function_name(at.function_name()),
                     file_name(at.file_name()), at.line());
}

std::string where_made(made_at const& made) {
  auto const frames = made != nullptr ? made->frames() : std::vector<call_frame>{};
  return frames.empty() ? "" : " created at " + short_place(frames.front());
}

}  // namespace

std::string future_state::repr() {
  future_status const s = status();
  std::string text = is_task_ ? "<task " : "<future ";
  listed_callbacks callbacks;
  switch (s) {
    case future_status::pending:
    case future_status::setting: {
      text += is_task_ && as_task()->cancelling() > 0 ? "cancelling" : "pending";
      std::lock_guard const guard{lock_};
      for (completion_node* node = waiters_; node != nullptr; node = node->next) {
        if (done_callback* const callback = done_callback::from(*node)) {
          callbacks.add(*callback);
        }
      }
      break;
    }
    case future_status::finished:
    case future_status::failed:
      text += "finished";
      break;
    case future_status::cancelled:
      text += "cancelled";
      break;
  }
  if (is_task_) {
    text += fmt::format(" name='{}'", as_task()->name());
    if (s == future_status::pending) {
      if (std::string const at = where_it_waits(*as_task()); !at.empty()) {
        text += fmt::format(" coro=<{}>", at);
      }
    }
  }
  text += where_made(made());
  if (callbacks.count != 0) {
    text += fmt::format(" cb=[{}]", callbacks.text());
  }
  if (s == future_status::finished) {
    text += result_repr();
  } else if (s == future_status::failed) {
    text += fmt::format(" exception={}", describe(error_));
  }
  return text + ">";
}

}  // namespace detail

namespace {

// A cancelled call has nothing to say of itself, but in debug mode.
std::string details_of(detail::scheduled_call const& call, bool cancelled) {
  if (cancelled && call.made == nullptr) {
    return {};
  }
  return " " + detail::callable_name(call.function_type()) + detail::where_made(call.made);
}

}  // namespace

std::string handle::repr() const {
  if (!call_) {
    return "<handle null>";
  }
  return fmt::format("<handle{}{}>", cancelled() ? " cancelled" : "", details_of(*call_, cancelled()));
}

std::string timer_handle::repr() const {
  if (!call_) {
    return "<timer_handle null>";
  }
  double const seconds = std::chrono::duration<double>{when().time_since_epoch()}.count();
  return fmt::format("<timer_handle{} when={}{}>", cancelled() ? " cancelled" : "", seconds,
                     details_of(*call_, cancelled()));
}

std::string any_future::repr() const { return state_ ? state_->repr() : "<future null>"; }

}  // namespace skein
