#include "local/spanner/storage/row_codec.h"

#include <cstring>

#include "base/check.h"

namespace ks::local {
namespace {

using sql::Datum;
using sql::Int128;
using sql::TypeKind;
using sql::TypeRef;

constexpr char kRowMark = '\x01';
enum Form : uint32_t {
  kVarint = 0,
  kFixed8 = 1,
  kBytes = 2,
  kFixed16 = 3,
  kTime = 4,
  kIntervalForm = 5
};

Form FormOf(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
    case TypeKind::kInt64:
    case TypeKind::kDate:
    case TypeKind::kEnum:
      return kVarint;
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return kFixed8;
    case TypeKind::kNumeric:
    case TypeKind::kUuid:
      return kFixed16;
    case TypeKind::kTimestamp:
      return kTime;
    case TypeKind::kInterval:
      return kIntervalForm;
    default:
      return kBytes;
  }
}

void AppendVarint(uint64_t v, std::string* out) {
  char buffer[10];
  int n = 0;
  while (v >= 0x80) {
    buffer[n++] = static_cast<char>(v | 0x80);
    v >>= 7;
  }
  buffer[n++] = static_cast<char>(v);
  out->append(buffer, n);
}

uint64_t ZigZag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
int64_t UnZigZag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }

void AppendValue(TypeRef type, const Datum& value, std::string* out);

void AppendElements(TypeRef type, const Datum& value, std::string* out) {
  auto elements = value.elements();
  AppendVarint(elements.size(), out);
  for (size_t i = 0; i < elements.size(); ++i) {
    out->push_back(elements[i].null() ? '\0' : '\1');
    if (elements[i].null()) continue;
    AppendValue(type->is_array() ? type->element() : type->fields()[i].type, elements[i], out);
  }
}

void AppendValue(TypeRef type, const Datum& value, std::string* out) {
  switch (FormOf(type->kind())) {
    case kVarint:
      return AppendVarint(ZigZag(value.int64()), out);
    case kFixed8: {
      double v = value.float64();
      out->append(reinterpret_cast<const char*>(&v), sizeof(v));
      return;
    }
    case kFixed16: {
      Int128 v = value.wide();
      out->append(reinterpret_cast<const char*>(&v), sizeof(v));
      return;
    }
    case kTime: {
      sql::TimestampValue t = value.timestamp();
      AppendVarint(ZigZag(t.seconds), out);
      return AppendVarint(static_cast<uint64_t>(t.nanos), out);
    }
    case kIntervalForm: {
      const sql::IntervalValue& v = value.interval();
      AppendVarint(ZigZag(v.months), out);
      AppendVarint(ZigZag(v.days), out);
      AppendVarint(ZigZag(v.micros), out);
      return AppendVarint(static_cast<uint64_t>(v.nano_fractions), out);
    }
    case kBytes:
      break;
  }
  if (type->is_array() || type->is_struct()) {
    std::string nested;
    AppendElements(type, value, &nested);
    AppendVarint(nested.size(), out);
    out->append(nested);
    return;
  }
  AppendVarint(value.str().size(), out);
  out->append(value.str());
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool done() const { return at_ == end_; }

  bool Varint(uint64_t* out) {
    uint64_t v = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      unsigned char c = static_cast<unsigned char>(*at_++);
      v |= static_cast<uint64_t>(c & 0x7f) << shift;
      if (c < 0x80) {
        *out = v;
        return true;
      }
    }
    return false;
  }

  bool Bytes(size_t n, std::string_view* out) {
    if (static_cast<size_t>(end_ - at_) < n) return false;
    *out = {at_, n};
    at_ += n;
    return true;
  }

  bool Skip(uint32_t form) {
    uint64_t n = 0;
    std::string_view bytes;
    switch (form) {
      case kVarint:
        return Varint(&n);
      case kFixed8:
        return Bytes(8, &bytes);
      case kBytes:
        return Varint(&n) && Bytes(n, &bytes);
      case kFixed16:
        return Bytes(16, &bytes);
      case kTime:
        return Varint(&n) && Varint(&n);
      case kIntervalForm:
        return Varint(&n) && Varint(&n) && Varint(&n) && Varint(&n);
      default:
        return false;
    }
  }

  bool Value(TypeRef type, sql::Arena& arena, Datum* out) {
    uint64_t a = 0;
    std::string_view bytes;
    switch (FormOf(type->kind())) {
      case kVarint:
        if (!Varint(&a)) return false;
        *out = Datum::Int64(UnZigZag(a));
        return true;
      case kFixed8: {
        if (!Bytes(8, &bytes)) return false;
        double v;
        std::memcpy(&v, bytes.data(), 8);
        *out = Datum::Float64(v);
        return true;
      }
      case kFixed16: {
        if (!Bytes(16, &bytes)) return false;
        Int128 v;
        std::memcpy(&v, bytes.data(), 16);
        *out = Datum::Wide(arena.Store(v));
        return true;
      }
      case kTime: {
        uint64_t nanos = 0;
        if (!Varint(&a) || !Varint(&nanos)) return false;
        *out = Datum::Timestamp({UnZigZag(a), static_cast<int32_t>(nanos)});
        return true;
      }
      case kIntervalForm:
        return Interval(arena, out);
      case kBytes:
        if (!Varint(&a) || !Bytes(a, &bytes)) return false;
        if (type->is_array() || type->is_struct()) return Elements(type, bytes, arena, out);
        *out = Datum::Str(bytes);
        return true;
    }
    return false;
  }

 private:
  bool Interval(sql::Arena& arena, Datum* out) {
    uint64_t months = 0, days = 0, micros = 0, nanos = 0;
    if (!Varint(&months) || !Varint(&days) || !Varint(&micros) || !Varint(&nanos)) return false;
    *out = Datum::Interval(arena.Store(sql::IntervalValue{
        UnZigZag(months), UnZigZag(days), UnZigZag(micros), static_cast<int32_t>(nanos)}));
    return true;
  }

  static bool Elements(TypeRef type, std::string_view bytes, sql::Arena& arena, Datum* out) {
    Reader reader(bytes);
    uint64_t count = 0;
    if (!reader.Varint(&count) || count > bytes.size()) return false;
    if (type->is_struct() && count != type->fields().size()) return false;
    Datum* elements = arena.AllocateArray<Datum>(count);
    for (uint64_t i = 0; i < count; ++i) {
      std::string_view mark;
      if (!reader.Bytes(1, &mark)) return false;
      elements[i] = Datum::Null();
      if (mark[0] == '\0') continue;
      TypeRef element = type->is_array() ? type->element() : type->fields()[i].type;
      if (!reader.Value(element, arena, &elements[i])) return false;
    }
    *out = Datum::Elements({elements, count});
    return reader.done();
  }

  const char* at_;
  const char* end_;
};

}  // namespace

void BeginRow(std::string* out) { out->push_back(kRowMark); }

void AppendCell(uint32_t column_id, TypeRef type, const Datum& value, std::string* out) {
  if (value.null()) return;
  AppendVarint(uint64_t{column_id} * 8 + FormOf(type->kind()), out);
  AppendValue(type, value, out);
}

RowDecoder::RowDecoder(const std::vector<Wanted>& wanted) {
  for (const Wanted& w : wanted) {
    if (w.column_id >= by_id_.size()) by_id_.resize(w.column_id + 1);
    KS_CHECK(by_id_[w.column_id].slot < 0);
    by_id_[w.column_id] = {w.type, w.slot};
    slots_.push_back(w.slot);
  }
}

absl::Status RowDecoder::Decode(std::string_view row, sql::Arena& arena, Datum* slots) const {
  for (int slot : slots_) slots[slot] = Datum::Null();
  Reader reader(row);
  std::string_view mark;
  bool ok = reader.Bytes(1, &mark) && mark[0] == kRowMark;
  while (ok && !reader.done()) {
    uint64_t tag = 0;
    if (!(ok = reader.Varint(&tag))) break;
    uint64_t id = tag >> 3;
    uint32_t form = tag & 7;
    if (id < by_id_.size() && by_id_[id].slot >= 0 && FormOf(by_id_[id].type->kind()) == form) {
      ok = reader.Value(by_id_[id].type, arena, &slots[by_id_[id].slot]);
    } else {
      ok = reader.Skip(form);
    }
  }
  if (!ok) return absl::DataLossError("stored row cannot be read");
  return absl::OkStatus();
}

}  // namespace ks::local
