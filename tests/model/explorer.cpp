// SPDX-License-Identifier: Apache-2.0
// explorer.cpp: fibers, and the depth-first walk over their schedules.
#include <model/explorer.hpp>

#include <ucontext.h>

#include <exception>
#include <stdexcept>

namespace model {
namespace {

constexpr std::size_t stack_bytes = 64 * 1024;

/// One run of a scenario under a given beginning of the schedule.
class run {
 public:
  run(scenario what, std::vector<std::size_t> const& prefix, int preemptions)
      : scenario_{std::move(what)}, prefix_{prefix}, left_{preemptions} {
    for (auto& body : scenario_.threads) {
      fibers_.push_back(std::make_unique<fiber>());
      fibers_.back()->body = &body;
    }
  }
  run(run const&) = delete;
  run& operator=(run const&) = delete;

  /// A point at which another thread could have gone on.
  struct choice {
    std::size_t taken;
    std::vector<std::size_t> others;
  };

  void go() {
    active = this;
    for (auto& f : fibers_) {
      start(*f);
    }
    while (choose()) {
      fiber& next = *fibers_[current_];
      swapcontext(&scheduler_, &next.context);
    }
    active = nullptr;
    for (auto const& f : fibers_) {
      if (f->error != nullptr) {
        std::rethrow_exception(f->error);
      }
    }
    scenario_.check();
  }

  [[nodiscard]] std::vector<choice> const& choices() const noexcept { return choices_; }

  void yield() { swapcontext(&fibers_[current_]->context, &scheduler_); }

  static inline run* active = nullptr;

 private:
  struct fiber {
    std::function<void()>* body = nullptr;
    ucontext_t context{};
    std::unique_ptr<char[]> stack = std::make_unique<char[]>(stack_bytes);
    bool ended = false;
    std::exception_ptr error;
  };

  static void enter() {
    run& self = *active;
    fiber& me = *self.fibers_[self.current_];
    try {
      (*me.body)();
    } catch (...) {
      me.error = std::current_exception();
    }
    me.ended = true;
    self.yield();
  }

  void start(fiber& f) {
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = f.stack.get();
    f.context.uc_stack.ss_size = stack_bytes;
    f.context.uc_link = &scheduler_;
    makecontext(&f.context, &enter, 0);
  }

  // Sets current_ to the thread that goes on.
  bool choose() {
    std::vector<std::size_t> enabled;
    bool const can_go_on = began_ && !fibers_[current_]->ended;
    if (can_go_on) {
      enabled.push_back(current_);  // the first choice: no preemption
    }
    for (std::size_t i = 0; i < fibers_.size(); ++i) {
      if (!fibers_[i]->ended && !(can_go_on && i == current_) && (!can_go_on || left_ > 0)) {
        enabled.push_back(i);
      }
    }
    if (enabled.empty()) {
      return false;
    }
    std::size_t taken = enabled.front();
    if (choices_.size() < prefix_.size()) {
      taken = prefix_[choices_.size()];
    }
    std::vector<std::size_t> others;
    bool behind = false;
    for (std::size_t const one : enabled) {
      if (behind) {
        others.push_back(one);
      }
      behind = behind || one == taken;
    }
    choices_.push_back({taken, others});
    if (can_go_on && taken != current_) {
      --left_;
    }
    current_ = taken;
    began_ = true;
    return true;
  }

  scenario scenario_;
  std::vector<std::size_t> prefix_;
  int left_;  // preemptions
  std::vector<std::unique_ptr<fiber>> fibers_;
  std::size_t current_ = 0;
  bool began_ = false;
  ucontext_t scheduler_{};
  std::vector<choice> choices_;
};

std::string text_of(std::exception_ptr const& error) {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const& e) {
    return e.what();
  } catch (...) {
    return "an unknown exception";
  }
}

}  // namespace

void step() {
  if (run::active != nullptr) {
    run::active->yield();
  }
}

result explore(std::function<scenario()> const& make, int preemptions) {
  result r;
  std::vector<std::size_t> prefix;
  for (;;) {
    run one{make(), prefix, preemptions};
    ++r.schedules;
    try {
      one.go();
    } catch (...) {
      r.fault = text_of(std::current_exception()) + "; schedule:";
      for (auto const& c : one.choices()) {
        r.fault += " " + std::to_string(c.taken);
      }
      return r;
    }
    // The last point at which something else can be tried.
    auto const& choices = one.choices();
    std::size_t last = choices.size();
    while (last > 0 && choices[last - 1].others.empty()) {
      --last;
    }
    if (last == 0) {
      return r;
    }
    prefix.clear();
    for (std::size_t i = 0; i + 1 < last; ++i) {
      prefix.push_back(choices[i].taken);
    }
    prefix.push_back(choices[last - 1].others.front());
  }
}

}  // namespace model
