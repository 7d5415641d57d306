// SPDX-License-Identifier: Apache-2.0
// outcome.hpp: a value or the error that came instead.
#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace skein {

/// What became of one awaitable: its value, or what it threw.
///
/// Source      The slots of gather(…, return_exceptions=True).
template <class T>
class outcome {
  using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

 public:
  explicit outcome(stored value) : value_{std::move(value)} {}
  explicit outcome(std::exception_ptr error) noexcept : error_{std::move(error)} {}

  [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
  /// Returns     The value; moved out when the outcome is an rvalue.
  /// Throws      The error, when there is one.
  T value() const& {
    check();
    if constexpr (!std::is_void_v<T>) {
      return *value_;
    }
  }
  T value() && {
    check();
    if constexpr (!std::is_void_v<T>) {
      return std::move(*value_);
    }
  }
  /// Returns     The error, or null.
  [[nodiscard]] std::exception_ptr error() const noexcept { return error_; }

 private:
  void check() const {
    if (!value_) {
      std::rethrow_exception(error_);
    }
  }

  std::optional<stored> value_;
  std::exception_ptr error_;
};

}  // namespace skein
