// SPDX-License-Identifier: Apache-2.0
// shield.cpp: passing an outcome on, unless nobody wants it any more.
#include <skein/core/detail/gather_state.hpp>
#include <skein/core/report.hpp>
#include <skein/core/shield.hpp>

#include <mutex>

namespace skein::detail {

link_ops const shielder::told_ops{&shielder::told, &shielder::lost, &shielder::behind};

void shielder::begin(state_ref<> inner) noexcept {
  outer_.retain();  // until the link is told, lost or unwatched
  loop_id const listener = inner->loop();
  link_.watch(std::move(inner), listener);
}

void shielder::told(completion_link& link) noexcept {
  auto& self = static_cast<inner_link&>(link);
  shielder& owner = self.owner;
  future_state& inner = link.future();
  future_state& outer = owner.outer_;
  switch (inner.status()) {
    case future_status::finished:
      try {
        owner.copy_value(inner);
      } catch (...) {
        fail_future(outer, std::current_exception());
      }
      break;
    case future_status::failed:
      if (!outer.done()) {
        fail_future(outer, inner.exception());
      } else if (self.reports && !inner.retrieved()) {
        auto const handle = state_ref<>::share(&inner);
        report(inner.loop(), {.message = "exception in shielded future: nobody waits for it any more",
                              .exception = inner.exception(),
                              .future = any_future{handle},
                              .task = inner.is_task() ? any_task{handle} : any_task{}});
      }
      break;
    case future_status::cancelled:
    case future_status::pending:
    case future_status::setting:
      static_cast<void>(outer.future_state::cancel(inner.text(&future_texts::cancel_message)));
      break;
  }
  outer.release();
}

void shielder::lost(completion_link& link) noexcept { static_cast<inner_link&>(link).owner.outer_.release(); }

state_ref<> shielder::behind(completion_link& link) noexcept {
  return state_ref<>::share(&static_cast<inner_link&>(link).owner.outer_);
}

// One link of all shields that were given up stays, to report an error.
void shielder::outer_cancelled() noexcept {
  future_state& inner = link_.future();
  bool reported = false;
  {
    std::lock_guard const guard{inner.mutex()};
    for (completion_node* node = inner.waiters_; node != nullptr; node = node->next) {
      completion_link* const other = completion_link::from(*node);
      reported = reported || (other != nullptr && &other->told_by() == &told_ops &&
                              static_cast<inner_link*>(other)->reports);
    }
    link_.reports = !reported;
  }
  if (reported && link_.unwatch()) {
    outer_.release();
  }
}

}  // namespace skein::detail
