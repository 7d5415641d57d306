// SPDX-License-Identifier: Apache-2.0
// exception_group.cpp: making groups and taking them apart.
#include <skein/core/exception_group.hpp>

#include <algorithm>
#include <stdexcept>

namespace skein {
namespace {

bool is_std_exception(std::exception_ptr const& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (std::exception const&) {
    return true;
  } catch (...) {
    return false;
  }
}

bool all_are_std_exceptions(std::vector<std::exception_ptr> const& errors) noexcept {
  return std::all_of(errors.begin(), errors.end(), &is_std_exception);
}

std::exception_ptr group_of(std::string message, std::vector<std::exception_ptr> errors) {
  if (all_are_std_exceptions(errors)) {
    return std::make_exception_ptr(exception_group{std::move(message), std::move(errors)});
  }
  return std::make_exception_ptr(base_exception_group{std::move(message), std::move(errors)});
}

}  // namespace

struct base_exception_group::contents {
  std::string message;
  std::vector<std::exception_ptr> exceptions;
  std::string what;
};

base_exception_group::base_exception_group(std::string message, std::vector<std::exception_ptr> exceptions) {
  if (exceptions.empty()) {
    throw std::invalid_argument{"exception group: there are no exceptions: give at least one"};
  }
  if (std::find(exceptions.begin(), exceptions.end(), nullptr) != exceptions.end()) {
    throw std::invalid_argument{"exception group: an exception_ptr is null: leave it out"};
  }
  std::string what = message + " (" + std::to_string(exceptions.size()) +
                     (exceptions.size() == 1 ? " sub-exception)" : " sub-exceptions)");
  contents_ =
      std::make_shared<contents const>(contents{std::move(message), std::move(exceptions), std::move(what)});
}

base_exception_group::~base_exception_group() = default;

std::string const& base_exception_group::message() const noexcept { return contents_->message; }

std::vector<std::exception_ptr> const& base_exception_group::exceptions() const noexcept {
  return contents_->exceptions;
}

base_exception_group::halves base_exception_group::split_members(test is_match) const {
  halves parted;
  for (std::exception_ptr const& error : exceptions()) {
    if (is_match(error)) {
      parted.match.push_back(error);
      continue;
    }
    try {
      std::rethrow_exception(error);
    } catch (base_exception_group const& nested) {
      halves inner = nested.split_members(is_match);
      if (inner.match.empty()) {
        parted.rest.push_back(error);
      } else {
        parted.match.push_back(group_of(nested.message(), std::move(inner.match)));
        if (!inner.rest.empty()) {
          parted.rest.push_back(group_of(nested.message(), std::move(inner.rest)));
        }
      }
    } catch (...) {
      parted.rest.push_back(error);
    }
  }
  return parted;
}

exception_group::exception_group(std::string message, std::vector<std::exception_ptr> exceptions)
    : base_exception_group{std::move(message), std::move(exceptions)} {
  if (!all_are_std_exceptions(this->exceptions())) {
    throw std::invalid_argument{
        "Cannot nest BaseExceptions in an ExceptionGroup: a member is no std::exception: use "
        "base_exception_group"};
  }
}

char const* exception_group::what() const noexcept { return contents_->what.c_str(); }

namespace detail {

void throw_group(std::string message, std::vector<std::exception_ptr> exceptions) {
  std::rethrow_exception(group_of(std::move(message), std::move(exceptions)));
}

}  // namespace detail
}  // namespace skein
