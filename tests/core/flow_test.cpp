// SPDX-License-Identifier: Apache-2.0
// flow_test.cpp: the word of a flow: waits that begin and end, and requests that come before, in or after
// one.
#include <support/catch.hpp>

#include <skein/core/lowlevel/flow.hpp>
#include <skein/core/lowlevel/wait_node.hpp>

#include <atomic>
#include <source_location>
#include <thread>
#include <type_traits>

using skein::lowlevel::flow;
using skein::lowlevel::wait_node;
using skein::lowlevel::work_ops;

static_assert(!std::is_copy_constructible_v<flow>);
static_assert(sizeof(flow) == sizeof(void*));

namespace {

/// A wait that a canceller can end, or not.
struct scripted_wait : wait_node {
  explicit scripted_wait(bool can_be_cancelled)
      : wait_node{ops_of_it, std::source_location::current()}, cancellable{can_be_cancelled} {}

  static bool cancel(wait_node& node) noexcept {
    auto& self = static_cast<scripted_wait&>(node);
    ++self.cancels;
    if (self.during_cancel != nullptr) {
      self.during_cancel(self);
    }
    return self.cancellable;
  }
  static work_ops const ops_of_it;

  bool cancellable;
  int cancels = 0;
  void (*during_cancel)(scripted_wait& self) = nullptr;
  std::atomic<bool> in_cancel{false};
  std::atomic<bool> ended{false};
  bool ended_too_early = false;
};
work_ops const scripted_wait::ops_of_it{nullptr, nullptr, &scripted_wait::cancel, nullptr, "scripted"};

flow::kind any_kind() { return GENERATE(flow::kind::task, flow::kind::branch); }

}  // namespace

TEST_CASE("flow: a new one neither waits nor has a request", "[core][flow]") {
  flow task{flow::kind::task};
  flow branch{flow::kind::branch};
  REQUIRE_FALSE(task.is_branch());
  REQUIRE(branch.is_branch());
  for (flow* f : {&task, &branch}) {
    REQUIRE_FALSE(f->waiting());
    REQUIRE_FALSE(f->cancel_pending());
    REQUIRE_FALSE(f->take_cancel());
  }
}

TEST_CASE("flow: a wait begins and ends without a request", "[core][flow]") {
  flow f{any_kind()};
  bool const branch = f.is_branch();
  scripted_wait wait{true};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(f.begin_wait(wait));
    REQUIRE(f.waiting());
    REQUIRE_FALSE(f.cancel_pending());
    REQUIRE_FALSE(f.end_wait());
    REQUIRE_FALSE(f.waiting());
    REQUIRE(f.is_branch() == branch);
  }
  REQUIRE(wait.cancels == 0);
}

TEST_CASE("flow: a request before the wait is taken by begin_wait, once", "[core][flow]") {
  flow f{any_kind()};
  scripted_wait wait{true};
  f.request_cancel();
  REQUIRE(f.cancel_pending());
  REQUIRE_FALSE(f.begin_wait(wait));
  REQUIRE_FALSE(f.waiting());
  REQUIRE_FALSE(f.cancel_pending());
  REQUIRE(f.begin_wait(wait));
  REQUIRE_FALSE(f.end_wait());
  REQUIRE(wait.cancels == 0);
}

TEST_CASE("flow: two requests before the wait are one", "[core][flow]") {
  flow f{any_kind()};
  scripted_wait wait{true};
  f.request_cancel();
  f.request_cancel();
  REQUIRE_FALSE(f.begin_wait(wait));
  REQUIRE(f.begin_wait(wait));
  REQUIRE_FALSE(f.end_wait());
}

TEST_CASE("flow: a request before the first step is taken by take_cancel, once", "[core][flow]") {
  flow f{any_kind()};
  bool const branch = f.is_branch();
  f.request_cancel();
  REQUIRE(f.take_cancel());
  REQUIRE_FALSE(f.take_cancel());
  REQUIRE_FALSE(f.cancel_pending());
  REQUIRE(f.is_branch() == branch);
}

TEST_CASE("flow: a request during the wait goes to the wait, and nothing stays pending", "[core][flow]") {
  flow f{any_kind()};
  scripted_wait wait{true};
  REQUIRE(f.begin_wait(wait));
  f.request_cancel();
  REQUIRE(wait.cancels == 1);
  REQUIRE(f.waiting());  // until the coroutine is resumed
  REQUIRE_FALSE(f.cancel_pending());
  REQUIRE_FALSE(f.end_wait());
  REQUIRE_FALSE(f.cancel_pending());
}

TEST_CASE("flow: a request after the wait was ended is reported by end_wait", "[core][flow]") {
  flow f{any_kind()};
  scripted_wait wait{false};
  REQUIRE(f.begin_wait(wait));
  f.request_cancel();
  REQUIRE(wait.cancels == 1);
  REQUIRE(f.cancel_pending());
  REQUIRE(f.end_wait());
  REQUIRE_FALSE(f.cancel_pending());
  REQUIRE(f.begin_wait(wait));
  REQUIRE_FALSE(f.end_wait());
}

TEST_CASE("flow: a withdrawn request is not delivered", "[core][flow]") {
  flow f{any_kind()};
  bool const branch = f.is_branch();
  scripted_wait wait{false};
  f.withdraw();  // nothing to withdraw
  f.request_cancel();
  f.withdraw();
  REQUIRE_FALSE(f.cancel_pending());
  REQUIRE(f.begin_wait(wait));
  f.request_cancel();  // after the wait was ended
  f.withdraw();
  REQUIRE(f.waiting());
  REQUIRE_FALSE(f.end_wait());
  REQUIRE(f.is_branch() == branch);
}

TEST_CASE("flow: inspect shows the wait, and only while there is one", "[core][flow]") {
  flow f{any_kind()};
  scripted_wait wait{false};
  wait_node const* seen = nullptr;
  auto const look = [](wait_node& w, void* context) { *static_cast<wait_node const**>(context) = &w; };
  REQUIRE_FALSE(f.inspect(look, &seen));
  f.request_cancel();
  REQUIRE_FALSE(f.inspect(look, &seen));
  REQUIRE(seen == nullptr);
  REQUIRE(f.take_cancel());

  REQUIRE(f.begin_wait(wait));
  REQUIRE(f.inspect(look, &seen));
  REQUIRE(seen == &wait);
  REQUIRE(f.waiting());
  f.request_cancel();
  REQUIRE(f.inspect(look, &seen));
  REQUIRE(f.cancel_pending());  // an inspection takes nothing
  REQUIRE(f.end_wait());
  REQUIRE_FALSE(f.inspect(look, &seen));
}

TEST_CASE("flow: end_wait lets the frame live until the canceller has left (I2)", "[core][flow]") {
  flow f{any_kind()};
  scripted_wait wait{false};
  REQUIRE(f.begin_wait(wait));
  wait.during_cancel = [](scripted_wait& self) {
    self.in_cancel.store(true);
    for (int i = 0; i < 1'000; ++i) {
      std::this_thread::yield();
    }
    self.ended_too_early = self.ended.load();
  };
  std::thread canceller{[&] { f.request_cancel(); }};
  while (!wait.in_cancel.load()) {
    std::this_thread::yield();
  }
  bool const request = f.end_wait();
  wait.ended.store(true);
  canceller.join();
  REQUIRE(request);
  REQUIRE_FALSE(wait.ended_too_early);
}

TEST_CASE("flow: every request of another thread is delivered once, at whatever moment it comes (I3)",
          "[core][flow]") {
  constexpr int rounds = 20'000;
  flow f{flow::kind::task};
  std::atomic<int> allowed{0};  // requests that the canceller may have made
  std::thread canceller{[&] {
    for (int i = 1; i <= rounds; ++i) {
      while (allowed.load() < i) {
        std::this_thread::yield();
      }
      f.request_cancel();
    }
  }};
  bool exactly_once = true;
  for (int i = 1; i <= rounds; ++i) {
    allowed.store(i);
    int seen = 0;
    for (int looks = 0; seen == 0; ++looks) {
      scripted_wait wait{looks % 2 == 0};
      if (f.begin_wait(wait)) {
        if (looks % 64 == 63) {
          std::this_thread::yield();
        }
        seen += f.end_wait() ? 1 : 0;
        seen += wait.cancellable ? wait.cancels : 0;
        exactly_once = exactly_once && wait.cancels <= 1;
      } else {
        ++seen;
      }
    }
    exactly_once = exactly_once && seen == 1;
  }
  canceller.join();
  REQUIRE(exactly_once);
  REQUIRE_FALSE(f.take_cancel());
}
