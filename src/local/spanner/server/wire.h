// Protobuf's wire format, read and written by hand where messages of rows would cost too much.
//
// WireReader walks over the fields of one message; WriteX append fields. Thread safety: as for any
// value. Source: https://protobuf.dev/programming-guides/encoding
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ks::local {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct WireField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t number_value = 0;  // kVarint, kFixed64 (little-endian bits), kFixed32
  std::string_view bytes;     // kBytes
};

class WireReader {
 public:
  explicit WireReader(std::string_view message) : at_(message.data()), end_(at_ + message.size()) {}

  // False at the end and on malformed bytes; ok() tells them apart.
  bool Next(WireField* field) {
    if (at_ == end_ || !ok_) return false;
    uint64_t tag = 0;
    if (!ReadVarint(&tag)) return Fail();
    field->number = static_cast<uint32_t>(tag >> 3);
    field->type = static_cast<WireType>(tag & 7);
    return field->number == 0 ? Fail() : ReadPayload(field);
  }
  bool ok() const { return ok_; }

 private:
  bool Fail() { return ok_ = false; }
  bool ReadVarint(uint64_t* value) {
    uint64_t result = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      result |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) {
        *value = result;
        return true;
      }
    }
    return false;
  }
  bool ReadPayload(WireField* field) {
    switch (field->type) {
      case WireType::kVarint:
        return ReadVarint(&field->number_value) || Fail();
      case WireType::kBytes: {
        uint64_t size = 0;
        if (!ReadVarint(&size) || size > static_cast<uint64_t>(end_ - at_)) return Fail();
        field->bytes = {at_, static_cast<size_t>(size)};
        at_ += size;
        return true;
      }
      case WireType::kFixed64:
        return ReadFixed(8, field);
      case WireType::kFixed32:
        return ReadFixed(4, field);
    }
    return Fail();
  }
  bool ReadFixed(size_t size, WireField* field) {
    if (static_cast<size_t>(end_ - at_) < size) return Fail();
    field->number_value = 0;
    std::memcpy(&field->number_value, at_, size);
    at_ += size;
    return true;
  }

  const char* at_;
  const char* const end_;
  bool ok_ = true;
};

inline void WriteVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}
inline void WriteTag(uint32_t field, WireType type, std::string* out) {
  WriteVarint(field << 3 | static_cast<uint32_t>(type), out);
}
inline void WriteBytes(uint32_t field, std::string_view bytes, std::string* out) {
  WriteTag(field, WireType::kBytes, out);
  WriteVarint(bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}
inline void WriteBool(uint32_t field, bool value, std::string* out) {
  WriteTag(field, WireType::kVarint, out);
  out->push_back(value ? 1 : 0);
}
inline size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

}  // namespace ks::local
