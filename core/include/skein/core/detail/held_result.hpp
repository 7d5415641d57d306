// SPDX-License-Identifier: Apache-2.0
// held_result.hpp: what a body gave, kept while its scope is being left.
#pragma once

#include <skein/core/detail/slot.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace skein::detail {

/// A value that may be missing, or the error that came instead.
template <class T>
class held_result {
 public:
  template <class U>
  void set(U&& value) {
    if constexpr (std::is_reference_v<T>) {
      value_.emplace(std::addressof(value));
    } else {
      value_.emplace(std::forward<U>(value));
    }
  }
  void set() { value_.emplace(); }

  /// Returns     The value, moved out.
  [[nodiscard]] T take() {
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(**value_);
    } else {
      return std::move(*value_);
    }
  }

 private:
  std::optional<stored_t<T>> value_;
};

}  // namespace skein::detail
