// SPDX-License-Identifier: Apache-2.0
// byte_buffer.hpp: bytes that come in at the end and leave at the front.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace skein::detail {

/// An empty one holds no memory.
class byte_buffer {
 public:
  [[nodiscard]] bool empty() const noexcept { return begin_ == data_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return data_.size() - begin_; }
  [[nodiscard]] std::string_view view() const noexcept { return std::string_view{data_}.substr(begin_); }

  void append(std::string_view more) {
    if (begin_ > data_.size() / 2) {
      data_.erase(0, std::exchange(begin_, 0));
    }
    data_.append(more);
  }
  /// Drops the first n bytes.
  void consume(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == data_.size()) {
      clear();
    }
  }
  /// Takes the first n bytes out; all of them without a copy.
  [[nodiscard]] std::string take(std::size_t n) {
    if (begin_ == 0 && n == data_.size()) {
      return std::exchange(data_, {});
    }
    std::string taken{view().substr(0, n)};
    consume(n);
    return taken;
  }
  [[nodiscard]] std::string take_all() { return take(size()); }
  void clear() noexcept {
    std::string{}.swap(data_);
    begin_ = 0;
  }
  void swap(byte_buffer& other) noexcept {
    data_.swap(other.data_);
    std::swap(begin_, other.begin_);
  }

 private:
  std::string data_;
  std::size_t begin_ = 0;
};

}  // namespace skein::detail
