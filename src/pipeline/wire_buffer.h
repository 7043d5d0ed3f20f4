// WireBuffer: bytes that grow at the end, without std::string's clearing of what is about to be
// overwritten.
//
// Clear() keeps the memory, so a steady load allocates nothing. Not thread-safe. Reserve()
// invalidates earlier pointers.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace ks::pipeline {

class WireBuffer {
 public:
  // Room for at least `bytes` after the end; write there, then say how far with SetEnd().
  char* Reserve(size_t bytes) {
    if (size_ + bytes > capacity_) Grow(bytes);
    return data_.get() + size_;
  }
  void SetEnd(const char* end) { size_ = static_cast<size_t>(end - data_.get()); }
  void Append(std::string_view bytes) {
    char* to = Reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Truncate(size_t size) { size_ = size; }
  void Clear() { size_ = 0; }

  char* data() { return data_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  void Grow(size_t bytes) {
    size_t capacity = capacity_ < 256 ? 512 : capacity_ * 2;
    while (capacity < size_ + bytes) capacity *= 2;
    std::unique_ptr<char[]> bigger(new char[capacity]);
    if (size_ != 0) std::memcpy(bigger.get(), data_.get(), size_);
    data_ = std::move(bigger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace ks::pipeline
