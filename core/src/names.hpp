// SPDX-License-Identifier: Apache-2.0
// names.hpp: functions, files and types as people name them.
#pragma once

#include <skein/core/task.hpp>

#include <source_location>
#include <string>
#include <string_view>

namespace skein::detail {

/// Returns     The name of a function without return type, parameters, template arguments and unnamed
///             namespaces: `app::fetch`, `main::<lambda>`.
/// `pretty`    As g++ 12 and clang 19 write it.
[[nodiscard]] std::string short_function_name(std::string_view pretty);

[[nodiscard]] call_frame frame_of(std::source_location const& place);

/// Returns     What stands behind the last slash: a line names several things and has to be readable.
[[nodiscard]] std::string_view file_name(std::string_view path);

/// Returns     The name of a type, or of a symbol, for people: `std::runtime_error`; itself when it is none.
[[nodiscard]] std::string demangle(char const* name);

}  // namespace skein::detail
