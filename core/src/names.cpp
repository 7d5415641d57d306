// SPDX-License-Identifier: Apache-2.0
// names.cpp: what compilers write, cut down to what a person wants to read.
#include "names.hpp"

#include <skein/core/detail/scheduled_call.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <typeinfo>
#include <vector>

namespace skein::detail {

// ---- functions -------------------------------------------------------------------------------------------

namespace {

constexpr std::string_view opening = "(<{[";
constexpr std::string_view closing = ")>}]";

// The parts of a qualified name between `::`, outside of all brackets.
std::vector<std::string_view> parts_of(std::string_view name) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (opening.find(name[i]) != std::string_view::npos) {
      ++depth;
    } else if (closing.find(name[i]) != std::string_view::npos) {
      --depth;
    } else if (depth == 0 && name.substr(i, 2) == "::") {
      parts.push_back(name.substr(begin, i - begin));
      begin = i + 2;
      ++i;
    }
  }
  parts.push_back(name.substr(begin));
  return parts;
}

// Cuts " [with T = int]", " const" and the parameters off the end, and the result type off the beginning.
std::string_view qualified_name(std::string_view pretty) {
  if (std::size_t const with = pretty.rfind(" ["); with != std::string_view::npos && pretty.ends_with(']')) {
    pretty = pretty.substr(0, with);
  }
  std::size_t const last = pretty.rfind(')');
  int depth = 0;
  if (last != std::string_view::npos) {
    std::size_t i = last;
    for (;; --i) {
      depth += pretty[i] == ')' ? 1 : 0;
      depth -= pretty[i] == '(' ? 1 : 0;
      if (depth == 0 || i == 0) {
        break;
      }
    }
    pretty = pretty.substr(0, i);
  }
  // The result type ends at the last space outside of brackets; those of an operator's name are none.
  constexpr std::string_view op = "operator";
  std::size_t begin = 0;
  depth = 0;
  for (std::size_t i = 0; i < pretty.size(); ++i) {
    if (depth == 0 && pretty.substr(i).starts_with(op)) {
      i += op.size();
      i = std::min(pretty.find_first_of(": ", i), pretty.size()) - 1;
    } else if (opening.find(pretty[i]) != std::string_view::npos) {
      ++depth;
    } else if (closing.find(pretty[i]) != std::string_view::npos) {
      --depth;
    } else if (depth == 0 && pretty[i] == ' ') {
      begin = i + 1;
    }
  }
  return pretty.substr(begin);
}

bool is_lambda(std::string_view part) {
  return part.starts_with("<lambda") || part.starts_with("(anonymous class)") ||
         part.starts_with("(lambda") || part.starts_with("{lambda") || part.starts_with("$_");
}

}  // namespace

std::string short_function_name(std::string_view pretty) {
  std::string name;
  bool after_lambda = false;
  for (std::string_view part : parts_of(qualified_name(pretty))) {
    bool const call = part.starts_with("operator()");
    if (part.starts_with("{anonymous}") || part == "(anonymous namespace)" || (call && after_lambda)) {
      continue;
    }
    after_lambda = is_lambda(part);
    if (after_lambda) {
      part = "<lambda>";
    } else if (call) {
      part = "operator()";
    } else {
      part = part.substr(0, part.find_first_of("(<"));
    }
    name += name.empty() ? "" : "::";
    name += part;
  }
  return name;
}

call_frame frame_of(std::source_location const& place) {
  return {short_function_name(place.function_name()), place.file_name(), place.line()};
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// ---- types -----------------------------------------------------------------------------------------------

namespace {

// The last name in a mangled one that cannot be demangled: g++ calls what stands in a coroutine after its
// frame, with a dot. A name ends with its length and itself.
std::string last_name(std::string_view mangled) {
  for (std::size_t i = mangled.size(); i-- > 0;) {
    std::size_t length = 0;
    auto const [end, error] = std::from_chars(mangled.data() + i, mangled.data() + mangled.size(), length);
    if (error == std::errc{} && static_cast<std::size_t>(mangled.data() + mangled.size() - end) == length) {
      return std::string{end, length};
    }
  }
  return "{lambda}";
}

}  // namespace

std::string demangle(char const* name) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> const text{abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                         &std::free};
  return status == 0 ? text.get() : name;
}

std::string callable_name(std::type_info const& type) {
  std::string const whole = demangle(type.name());
  if (whole == type.name()) {
    return last_name(whole);
  }
  // Behind the last "::" that stands in no bracket.
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    std::string_view const brackets{"(<{)>}"};
    if (std::size_t const at = brackets.find(whole[i]); at != std::string_view::npos) {
      depth += at < 3 ? 1 : -1;
    } else if (depth == 0 && whole[i] == ':' && whole[i + 1] == ':') {
      begin = i + 2;
    }
  }
  std::string name = whole.substr(begin);
  return name.starts_with("$_") ? "{lambda}" : name;  // clang's words for one
}

}  // namespace skein::detail
