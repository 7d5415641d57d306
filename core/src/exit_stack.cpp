// SPDX-License-Identifier: Apache-2.0
// exit_stack.cpp: leaving what a stack holds, the newest first.
#include <skein/core/exit_stack.hpp>

namespace skein {

coro<void> exit_stack::aenter() { co_return; }

coro<bool> exit_stack::aexit(std::exception_ptr error) {
  std::exception_ptr const original = error;
  while (!entries_.empty()) {
    std::unique_ptr<detail::exit_entry> const entry = std::move(entries_.back());
    entries_.pop_back();
    try {
      if (co_await entry->leave(error)) {
        error = nullptr;
      }
    } catch (...) {
      error = std::current_exception();
    }
  }
  if (error != nullptr && error != original) {
    std::rethrow_exception(std::move(error));
  }
  co_return original != nullptr&& error == nullptr;
}

coro<void> exit_stack::aclose() { static_cast<void>(co_await aexit(nullptr)); }

}  // namespace skein
