// SPDX-License-Identifier: Apache-2.0
// traceback.cpp: writing exceptions, groups of them, and their causes, as CPython writes its own.
#include "await_trace.hpp"
#include "names.hpp"

#include <skein/core/errors.hpp>
#include <skein/core/exception_group.hpp>
#include <skein/core/report.hpp>
#include <skein/core/traceback.hpp>

#include <fmt/core.h>

#include <cxxabi.h>

#include <algorithm>
#include <typeinfo>
#include <utility>
#include <vector>

namespace skein {
namespace detail {
namespace {

constexpr int depth_max = 10;          // as CPython's limit for groups in groups
constexpr std::size_t width_max = 15;  // members of a group, as CPython's

using lines = std::vector<std::string>;

std::string titled(std::string const& type, std::string_view text) {
  return text.empty() ? type : fmt::format("{}: {}", type, text);
}

// The exception without its awaits, and what it is made of.
struct anatomy {
  std::string title;
  std::vector<std::exception_ptr> members;  // of a group
  std::exception_ptr cause;
};

anatomy anatomy_of(std::exception_ptr const& error) {
  anatomy a;
  try {
    std::rethrow_exception(error);
  } catch (base_exception_group const& group) {
    a.members = group.exceptions();
    a.title = fmt::format("{}: {} ({} sub-exception{})", demangle(typeid(group).name()), group.message(),
                          a.members.size(), a.members.size() == 1 ? "" : "s");
  } catch (cancelled_error const& e) {
    a.title = titled("skein::cancelled_error", e.message());
  } catch (std::exception const& e) {
    a.title = titled(demangle(typeid(e).name()), e.what());
    if (auto const* const nested = dynamic_cast<std::nested_exception const*>(&e)) {
      a.cause = nested->nested_ptr();
      if (std::type_info const* const outer = abi::__cxa_current_exception_type(); outer != nullptr) {
        // throw_with_nested wraps what it is given in a type of its own.
        std::string const wrapped = demangle(outer->name());
        constexpr std::string_view wrapper = "std::_Nested_exception<";
        if (wrapped.starts_with(wrapper) && wrapped.ends_with('>')) {
          a.title = titled(wrapped.substr(wrapper.size(), wrapped.size() - wrapper.size() - 1), e.what());
        }
      }
    }
  } catch (...) {
    std::type_info const* const type = abi::__cxa_current_exception_type();
    a.title = type != nullptr ? demangle(type->name()) : "an unknown exception";
  }
  return a;
}

void add_split(lines& into, std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const end = std::min(text.find('\n', begin), text.size());
    into.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

// The awaits, outermost first, a heading for each task.
void add_awaits(lines& into, await_trace const& trace) {
  if (trace.hops.empty()) {
    return;
  }
  into.emplace_back("Traceback (most recent await last):");
  if (trace.left_out != 0) {
    into.push_back(fmt::format("  [{} more awaits]", trace.left_out));
  }
  std::uint64_t under = ~std::uint64_t{0};
  for (auto hop = trace.hops.rbegin(); hop != trace.hops.rend(); ++hop) {
    if (hop->task != under) {
      under = hop->task;
      into.push_back(fmt::format("  {}:", trace.name_of(under)));
    }
    if (hop->where.line() != 0) {
      into.push_back(fmt::format("    File \"{}\", line {}, in {}", hop->where.file_name(), hop->where.line(),
                                 short_function_name(hop->where.function_name())));
    }
  }
}

class writer {
 public:
  lines result;

  // `indent` is that of the group which the error is in; none at the top.
  void write(std::exception_ptr const& error, std::string const& indent, int depth) {
    anatomy const a = anatomy_of(error);
    if (a.cause != nullptr && depth < depth_max) {
      write(a.cause, indent, depth + 1);
      put(indent, {"", "The above exception was the direct cause of the following exception:", ""});
    }
    lines head;
    add_awaits(head, trace_of(error));
    bool const has_awaits = !head.empty();
    add_split(head, a.title);
    if (a.members.empty()) {
      put(indent, head);
      return;
    }
    bool const top = indent.empty();
    std::string const inner = top ? "  " : indent;
    std::size_t const first = result.size();
    put(inner, head);
    if (top && has_awaits) {
      result[first][inner.size()] = '+';
    }
    write_members(a.members, inner, depth);
  }

 private:
  void put(std::string const& indent, lines const& some) {
    for (std::string const& line : some) {
      result.push_back(indent.empty() ? line : indent + "| " + line);
    }
  }

  void write_members(std::vector<std::exception_ptr> const& members, std::string const& indent, int depth) {
    if (depth >= depth_max) {
      result.push_back(fmt::format("{}| ... (groups in groups in more than {} levels)", indent, depth_max));
      return;
    }
    std::string const deeper = indent + "  ";
    std::size_t const shown = std::min(members.size(), width_max);
    for (std::size_t i = 0; i < shown; ++i) {
      result.push_back(
          fmt::format("{}+---------------- {} ----------------", i == 0 ? indent + "+-" : deeper, i + 1));
      open_ = true;
      write(members[i], deeper, depth + 1);
    }
    if (shown < members.size()) {
      result.push_back(deeper + "+---------------- ... ----------------");
      result.push_back(fmt::format("{}| and {} more exceptions", deeper, members.size() - shown));
      open_ = true;
    }
    if (std::exchange(open_, false)) {
      result.push_back(deeper + "+------------------------------------");
    }
  }

  bool open_ = false;  // the tree wants its last line
};

}  // namespace

std::string traceback_of(std::exception_ptr const& error) {
  anatomy const a = anatomy_of(error);
  std::vector<trace_hop> const hops = trace_of(error).hops;
  bool const awaited =
      std::any_of(hops.begin(), hops.end(), [](trace_hop const& hop) { return hop.where.line() != 0; });
  bool const more = awaited || !a.members.empty() || a.cause != nullptr;
  return more ? format_exception(error) : std::string{};
}

}  // namespace detail

std::string format_exception(std::exception_ptr const& error) {
  if (error == nullptr) {
    return {};
  }
  detail::writer w;
  w.write(error, {}, 0);
  std::string text;
  for (std::string const& line : w.result) {
    text += text.empty() ? "" : "\n";
    text += line;
  }
  return text;
}

void print_exception(std::exception_ptr const& error) {
  if (error != nullptr) {
    detail::log_line(format_exception(error));
  }
}

}  // namespace skein
