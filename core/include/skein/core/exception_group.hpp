// SPDX-License-Identifier: Apache-2.0
// exception_group.hpp: several errors thrown as one.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// Several errors of any type, in the order they came. Members may be groups themselves. Not a
/// `std::exception`; when every member is one, an `exception_group` is thrown instead.
///
/// Threads     Any: it does not change. Copies share the members.
/// Source      BaseExceptionGroup of Python.
class base_exception_group {
 public:
  /// Throws      `std::invalid_argument` when there is no member, or one is null.
  base_exception_group(std::string message, std::vector<std::exception_ptr> exceptions);
  base_exception_group(base_exception_group const&) noexcept = default;
  base_exception_group& operator=(base_exception_group const&) noexcept = default;
  virtual ~base_exception_group();

  /// Returns     The text that was given, such as "unhandled errors in a TaskGroup".
  [[nodiscard]] std::string const& message() const noexcept;
  [[nodiscard]] std::vector<std::exception_ptr> const& exceptions() const noexcept;

  /// Returns     The group with only those members, at any depth, that are an E; nested groups keep their
  ///             shape. The whole when this group itself is an E; nothing when there is none.
  template <class E>
  [[nodiscard]] std::optional<base_exception_group> subgroup() const {
    return split<E>().match;
  }

  /// The two parts of a group.
  template <class Group>
  struct parts {
    std::optional<Group> match;
    std::optional<Group> rest;
  };
  /// Returns     Those members that are an E, as subgroup, and the others.
  template <class E>
  [[nodiscard]] parts<base_exception_group> split() const {
    return split_into<base_exception_group, E>(*this);
  }

 protected:
  using test = bool (*)(std::exception_ptr const& error) noexcept;
  struct halves {
    std::vector<std::exception_ptr> match;
    std::vector<std::exception_ptr> rest;
  };
  [[nodiscard]] halves split_members(test is_match) const;

  template <class E>
  [[nodiscard]] static bool is_a(std::exception_ptr const& error) noexcept {
    try {
      std::rethrow_exception(error);
    } catch (E const&) {
      return true;
    } catch (...) {
      return false;
    }
  }

  template <class Group, class E>
  [[nodiscard]] static parts<Group> split_into(Group const& whole) {
    parts<Group> result;
    if (is_a<E>(std::make_exception_ptr(whole))) {
      result.match.emplace(whole);
      return result;
    }
    halves members = whole.split_members(&is_a<E>);
    if (!members.match.empty()) {
      result.match.emplace(whole.message(), std::move(members.match));
    }
    if (!members.rest.empty()) {
      result.rest.emplace(whole.message(), std::move(members.rest));
    }
    return result;
  }

  struct contents;
  std::shared_ptr<contents const> contents_;
};

/// A group whose members are all `std::exception`s.
///
/// Source      ExceptionGroup of Python.
class exception_group : public base_exception_group, public std::exception {
 public:
  /// Throws      `std::invalid_argument` when there is no member, or one is null or no `std::exception`.
  exception_group(std::string message, std::vector<std::exception_ptr> exceptions);

  /// Returns     The message and how many members there are: "unhandled errors (2 sub-exceptions)".
  [[nodiscard]] char const* what() const noexcept override;

  /// As in the base, of the type of this one.
  template <class E>
  [[nodiscard]] std::optional<exception_group> subgroup() const {
    return split<E>().match;
  }
  template <class E>
  [[nodiscard]] parts<exception_group> split() const {
    return split_into<exception_group, E>(*this);
  }
};

namespace detail {

/// Throws an `exception_group`, or a `base_exception_group` when a member is no `std::exception`.
[[noreturn]] void throw_group(std::string message, std::vector<std::exception_ptr> exceptions);

}  // namespace detail
}  // namespace skein
