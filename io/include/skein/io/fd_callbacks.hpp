// SPDX-License-Identifier: Apache-2.0
// fd_callbacks.hpp: event_loop::add_reader and add_writer: calls while a descriptor is ready.
#pragma once

#include <skein/core/context.hpp>
#include <skein/core/event_loop.hpp>

#include <functional>
#include <memory>
#include <tuple>
#include <utility>

namespace skein {
namespace detail {

/// A function that is called again and again.
class fd_call {
 public:
  fd_call() = default;
  fd_call(fd_call const&) = delete;
  fd_call& operator=(fd_call const&) = delete;
  virtual ~fd_call() = default;
  virtual void call() = 0;
};

template <class F, class... Args>
class bound_fd_call final : public fd_call {
 public:
  template <class G, class... As>
  explicit bound_fd_call(G&& f, As&&... args)
      : function_{std::forward<G>(f)}, arguments_{std::forward<As>(args)...} {}
  void call() override {
    context_.run([this] {
      std::apply([this](Args&... args) { static_cast<void>(std::invoke(function_, args...)); }, arguments_);
    });
  }

 private:
  context context_ = copy_context();
  F function_;
  std::tuple<Args...> arguments_;
};

enum class fd_event : bool { readable, writable };

void watch_fd(event_loop& loop, int fd, fd_event what, std::shared_ptr<fd_call> call);
bool unwatch_fd(event_loop& loop, int fd, fd_event what);

template <class F, class... Args>
[[nodiscard]] std::shared_ptr<fd_call> bind_fd_call(F&& f, Args&&... args) {
  return std::make_shared<bound_fd_call<std::decay_t<F>, std::decay_t<Args>...>>(std::forward<F>(f),
                                                                                 std::forward<Args>(args)...);
}

}  // namespace detail

template <class F, class... Args>
  requires detail::callback<F, Args...>
void event_loop::add_reader(int fd, F&& f, Args&&... args) {
  detail::watch_fd(*this, fd, detail::fd_event::readable,
                   detail::bind_fd_call(std::forward<F>(f), std::forward<Args>(args)...));
}
template <class F, class... Args>
  requires detail::callback<F, Args...>
void event_loop::add_writer(int fd, F&& f, Args&&... args) {
  detail::watch_fd(*this, fd, detail::fd_event::writable,
                   detail::bind_fd_call(std::forward<F>(f), std::forward<Args>(args)...));
}

}  // namespace skein
