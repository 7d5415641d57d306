// SPDX-License-Identifier: Apache-2.0
// repr.cpp: futures and tasks as a line for people, close to how CPython shows them.
#include "await_chain.hpp"

#include <skein/core/detail/done_callback.hpp>
#include <skein/core/detail/task_state.hpp>
#include <skein/core/future.hpp>
#include <skein/core/lowlevel/wait_node.hpp>
#include <skein/core/report.hpp>

#include <fmt/core.h>

#include <mutex>
#include <string_view>

namespace skein {
namespace detail {
namespace {

std::string_view file_name(char const* path) {
  std::string_view name{path};
  return name.substr(name.rfind('/') + 1);
}

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

}  // namespace

std::string future_state::repr() {
  future_status const s = status();
  std::string text = is_task_ ? "<task " : "<future ";
  std::size_t callbacks = 0;
  switch (s) {
    case future_status::pending:
    case future_status::setting: {
      text += is_task_ && as_task()->cancelling() > 0 ? "cancelling" : "pending";
      std::lock_guard const guard{lock_};
      for (completion_node* node = waiters_head_; node != nullptr; node = node->next) {
        callbacks += done_callback::from(*node) != nullptr ? 1 : 0;
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
  if (callbacks != 0) {
    text += fmt::format(" cb=[{} callback{}]", callbacks, callbacks == 1 ? "" : "s");
  }
  if (s == future_status::finished) {
    text += result_repr();
  } else if (s == future_status::failed) {
    text += fmt::format(" exception={}", describe(error_));
  }
  return text + ">";
}

}  // namespace detail

std::string any_future::repr() const { return state_ ? state_->repr() : "<future null>"; }

}  // namespace skein
