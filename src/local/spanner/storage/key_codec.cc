#include "local/spanner/storage/key_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace ks::local {
namespace {

using sql::Datum;
using sql::Int128;
using sql::TypeKind;

constexpr char kNullMark = '\x00';
constexpr char kValueMark = '\x01';
constexpr char kEscape = '\x00';
constexpr char kEscapedZero = '\xff';
constexpr char kEnd = '\x01';
constexpr uint64_t kSignBit = uint64_t{1} << 63;

void AppendBigEndian64(uint64_t v, std::string* out) {
  v = __builtin_bswap64(v);
  out->append(reinterpret_cast<const char*>(&v), sizeof(v));
}

void AppendBigEndian32(uint32_t v, std::string* out) {
  v = __builtin_bswap32(v);
  out->append(reinterpret_cast<const char*>(&v), sizeof(v));
}

// NaN is below everything; negative numbers count down.
uint64_t OrderedDouble(double v) {
  if (std::isnan(v)) return 0;
  if (v == 0) v = 0;  // -0.0
  uint64_t bits = std::bit_cast<uint64_t>(v);
  return (bits & kSignBit) ? ~bits : bits | kSignBit;
}

double DoubleOfOrdered(uint64_t ordered) {
  if (ordered == 0) return std::numeric_limits<double>::quiet_NaN();
  uint64_t bits = (ordered & kSignBit) ? ordered & ~kSignBit : ~ordered;
  return std::bit_cast<double>(bits);
}

void AppendEscaped(std::string_view bytes, std::string* out) {
  while (true) {
    const void* zero = bytes.empty() ? nullptr : std::memchr(bytes.data(), 0, bytes.size());
    if (zero == nullptr) break;
    size_t length = static_cast<const char*>(zero) - bytes.data() + 1;
    out->append(bytes.data(), length);
    out->push_back(kEscapedZero);
    bytes.remove_prefix(length);
  }
  out->append(bytes);
  out->push_back(kEscape);
  out->push_back(kEnd);
}

void AppendWide(TypeKind kind, Int128 value, std::string* out) {
  uint64_t high = static_cast<uint64_t>(static_cast<unsigned __int128>(value) >> 64);
  if (kind == TypeKind::kNumeric) high ^= kSignBit;
  AppendBigEndian64(high, out);
  AppendBigEndian64(static_cast<uint64_t>(value), out);
}

void AppendValue(sql::TypeRef type, const Datum& value, std::string* out) {
  switch (type->kind()) {
    case TypeKind::kBool:
    case TypeKind::kInt64:
    case TypeKind::kDate:
    case TypeKind::kEnum:
      return AppendBigEndian64(static_cast<uint64_t>(value.int64()) ^ kSignBit, out);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return AppendBigEndian64(OrderedDouble(value.float64()), out);
    case TypeKind::kNumeric:
    case TypeKind::kUuid:
      return AppendWide(type->kind(), value.wide(), out);
    case TypeKind::kTimestamp: {
      sql::TimestampValue t = value.timestamp();
      AppendBigEndian64(static_cast<uint64_t>(t.seconds) ^ kSignBit, out);
      return AppendBigEndian32(static_cast<uint32_t>(t.nanos), out);
    }
    case TypeKind::kString:
    case TypeKind::kBytes:
    case TypeKind::kProto:
      return AppendEscaped(value.str(), out);
    default:
      KS_CHECK(false && "no key type");
  }
}

// Reads the parts of one key; `mask` is FF inside a DESC part.
class KeyReader {
 public:
  KeyReader(std::string_view bytes, sql::Arena& arena) : bytes_(bytes), arena_(arena) {}

  bool Skip(size_t n) {
    if (bytes_.size() < n) return false;
    bytes_.remove_prefix(n);
    return true;
  }
  bool done() const { return bytes_.empty(); }

  bool ReadPart(const KeyPartType& part, Datum* out) {
    if (bytes_.empty()) return false;
    mask_ = part.descending ? 0xff : 0;
    char mark = static_cast<char>(bytes_[0] ^ mask_);
    bytes_.remove_prefix(1);
    if (mark == kNullMark) {
      *out = Datum::Null();
      return true;
    }
    return mark == kValueMark && ReadValue(part.type->kind(), out);
  }

 private:
  bool ReadValue(TypeKind kind, Datum* out) {
    uint64_t a = 0;
    switch (kind) {
      case TypeKind::kBool:
      case TypeKind::kInt64:
      case TypeKind::kDate:
      case TypeKind::kEnum:
        if (!Read64(&a)) return false;
        *out = Datum::Int64(static_cast<int64_t>(a ^ kSignBit));
        return true;
      case TypeKind::kFloat32:
      case TypeKind::kFloat64:
        if (!Read64(&a)) return false;
        *out = Datum::Float64(DoubleOfOrdered(a));
        return true;
      case TypeKind::kNumeric:
      case TypeKind::kUuid:
        return ReadWide(kind, out);
      case TypeKind::kTimestamp:
        return ReadTimestamp(out);
      case TypeKind::kString:
      case TypeKind::kBytes:
      case TypeKind::kProto:
        return ReadString(out);
      default:
        return false;
    }
  }

  bool Read64(uint64_t* out) {
    if (bytes_.size() < 8) return false;
    std::memcpy(out, bytes_.data(), 8);
    *out = __builtin_bswap64(*out);
    if (mask_ != 0) *out = ~*out;
    bytes_.remove_prefix(8);
    return true;
  }

  bool ReadWide(TypeKind kind, Datum* out) {
    uint64_t high = 0;
    uint64_t low = 0;
    if (!Read64(&high) || !Read64(&low)) return false;
    if (kind == TypeKind::kNumeric) high ^= kSignBit;
    unsigned __int128 wide = static_cast<unsigned __int128>(high) << 64 | low;
    *out = Datum::Wide(arena_.Store(static_cast<Int128>(wide)));
    return true;
  }

  bool ReadTimestamp(Datum* out) {
    uint64_t seconds = 0;
    if (!Read64(&seconds) || bytes_.size() < 4) return false;
    uint32_t nanos = 0;
    std::memcpy(&nanos, bytes_.data(), 4);
    nanos = __builtin_bswap32(nanos);
    if (mask_ != 0) nanos = ~nanos;
    bytes_.remove_prefix(4);
    *out =
        Datum::Timestamp({static_cast<int64_t>(seconds ^ kSignBit), static_cast<int32_t>(nanos)});
    return true;
  }

  bool ReadString(Datum* out) {
    char escape = static_cast<char>(kEscape ^ mask_);
    char escaped_zero = static_cast<char>(kEscapedZero ^ mask_);
    char end = static_cast<char>(kEnd ^ mask_);
    size_t escapes = 0;
    size_t at = 0;
    for (;; at += 2) {
      const void* found =
          std::memchr(bytes_.data() + at, static_cast<unsigned char>(escape), bytes_.size() - at);
      if (found == nullptr) return false;
      at = static_cast<const char*>(found) - bytes_.data();
      if (at + 1 >= bytes_.size()) return false;
      if (bytes_[at + 1] == end) break;
      if (bytes_[at + 1] != escaped_zero) return false;
      ++escapes;
    }
    *out = Datum::Str(escapes == 0 && mask_ == 0 ? bytes_.substr(0, at) : Unescape(at, escapes));
    bytes_.remove_prefix(at + 2);
    return true;
  }

  std::string_view Unescape(size_t length, size_t escapes) {
    char* to = arena_.Allocate(length - escapes);
    size_t n = 0;
    for (size_t i = 0; i < length; ++i) {
      char c = static_cast<char>(bytes_[i] ^ mask_);
      to[n++] = c;
      if (c == kEscape) ++i;
    }
    return {to, n};
  }

  std::string_view bytes_;
  sql::Arena& arena_;
  unsigned char mask_ = 0;
};

}  // namespace

bool IsKeyType(sql::TypeRef type) {
  switch (type->kind()) {
    case TypeKind::kJson:
    case TypeKind::kInterval:
    case TypeKind::kProto:
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return false;
    default:
      return true;
  }
}

void AppendKeySpace(KeySpaceId space, std::string* out) { AppendBigEndian32(space, out); }

void AppendKeyPart(const KeyPartType& part, const Datum& value, std::string* out) {
  size_t from = out->size();
  if (value.null()) {
    out->push_back(kNullMark);
  } else {
    out->push_back(kValueMark);
    AppendValue(part.type, value, out);
  }
  if (!part.descending) return;
  for (size_t i = from; i < out->size(); ++i) (*out)[i] = static_cast<char>(~(*out)[i]);
}

void AppendKey(const KeyShape& shape, absl::Span<const Datum> values, std::string* out) {
  KS_CHECK(values.size() <= shape.parts.size());
  AppendKeySpace(shape.space, out);
  for (size_t i = 0; i < values.size(); ++i) AppendKeyPart(shape.parts[i], values[i], out);
}

std::string EncodeKey(const KeyShape& shape, absl::Span<const Datum> values) {
  std::string key;
  AppendKey(shape, values, &key);
  return key;
}

absl::Status DecodeKey(const KeyShape& shape, std::string_view key, sql::Arena& arena,
                       Datum* values) {
  KeyReader reader(key, arena);
  bool ok = reader.Skip(kKeySpaceBytes);
  for (size_t i = 0; ok && i < shape.parts.size(); ++i) {
    ok = reader.ReadPart(shape.parts[i], &values[i]);
  }
  if (!ok || !reader.done())
    return absl::DataLossError("stored key does not have its table's shape");
  return absl::OkStatus();
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  KS_CHECK(!end.empty());
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

KeySpan PrefixSpan(std::string_view prefix) { return {std::string(prefix), PrefixEnd(prefix)}; }

KeySpan SpaceSpan(KeySpaceId space) {
  std::string prefix;
  AppendKeySpace(space, &prefix);
  return PrefixSpan(prefix);
}

KeySpan PointSpan(std::string_view key) {
  KeySpan span{std::string(key), {}};
  span.limit.reserve(key.size() + 1);
  span.limit.append(key);
  span.limit.push_back('\0');
  return span;
}

bool IsPoint(const KeySpan& span) {
  return span.limit.size() == span.start.size() + 1 && span.limit.back() == '\0' &&
         std::string_view(span.limit).starts_with(span.start);
}

KeySpan EncodeBounds(const KeyShape& shape, const KeyBounds& bounds) {
  KeySpan span{EncodeKey(shape, bounds.start), EncodeKey(shape, bounds.limit)};
  bool whole = bounds.start.size() == shape.parts.size() && bounds.start_closed &&
               bounds.limit_closed && span.start == span.limit;
  if (whole) return PointSpan(span.start);
  if (!bounds.start_closed) span.start = PrefixEnd(span.start);
  if (bounds.limit_closed) span.limit = PrefixEnd(span.limit);
  return span;
}

std::vector<KeySpan> NormalizeSpans(std::vector<KeySpan> spans) {
  std::erase_if(spans, [](const KeySpan& span) { return span.start >= span.limit; });
  std::sort(spans.begin(), spans.end(),
            [](const KeySpan& a, const KeySpan& b) { return a.start < b.start; });
  std::vector<KeySpan> merged;
  for (KeySpan& span : spans) {
    if (!merged.empty() && span.start < merged.back().limit) {
      if (span.limit > merged.back().limit) merged.back().limit = std::move(span.limit);
    } else {
      merged.push_back(std::move(span));
    }
  }
  return merged;
}

}  // namespace ks::local
