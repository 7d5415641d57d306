// SPDX-License-Identifier: Apache-2.0
// repr.hpp: how results look in a repr.
#pragma once

#include <skein/core/detail/task_state.hpp>

#include <fmt/core.h>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace skein::detail {

/// Returns     " result=…", with texts in quotes; nothing for void; "…" for types that fmt does not know.
template <class T>
[[nodiscard]] std::string repr_of(slot<T> const& s) {
  if constexpr (std::is_void_v<T>) {
    return {};
  } else if constexpr (std::convertible_to<T const&, std::string_view>) {
    return fmt::format(" result='{}'", std::string_view{s.value});
  } else if constexpr (fmt::is_formattable<std::remove_cvref_t<T>>::value && !std::is_reference_v<T>) {
    return fmt::format(" result={}", s.value);
  } else {
    return " result=…";
  }
}

template <class T>
std::string future_of<T>::result_repr() const {
  return repr_of<T>(result_);
}
template <class T>
std::string task_of<T>::result_repr() const {
  return repr_of<T>(result_);
}

}  // namespace skein::detail
