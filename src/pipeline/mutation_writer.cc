#include "pipeline/mutation_writer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pipeline/wire_text.h"

namespace ks::pipeline {
namespace {

using sql::Datum;
using sql::TypeKind;
using sql::TypeRef;

// Tags: field number << 3 | wire type (0 varint, 1 eight bytes, 2 length-delimited).
constexpr char kTagCommitMutations = 4 << 3 | 2;
constexpr char kTagTable = 1 << 3 | 2;
constexpr char kTagWriteColumns = 2 << 3 | 2;
constexpr char kTagWriteValues = 3 << 3 | 2;
constexpr char kTagDeleteKeySet = 2 << 3 | 2;
constexpr char kTagKeySetKeys = 1 << 3 | 2;
constexpr char kTagListValues = 1 << 3 | 2;
constexpr char kTagNull = 1 << 3 | 0;
constexpr char kTagNumber = 2 << 3 | 1;
constexpr char kTagString = 3 << 3 | 2;
constexpr char kTagBool = 4 << 3 | 0;
constexpr char kTagList = 6 << 3 | 2;

constexpr std::string_view kCommitTimestampText = "spanner.commit_timestamp()";

size_t VarintSize(size_t value) {
  size_t size = 1;
  while (value >= 128) {
    value >>= 7;
    ++size;
  }
  return size;
}

char* WriteVarint(size_t value, char* to) {
  while (value >= 128) {
    *to++ = static_cast<char>(value | 128);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

// A tag and a length whose payload is already known.
char* WriteFront(char tag, size_t length, char* to) {
  *to++ = tag;
  return WriteVarint(length, to);
}

void AppendString(std::string_view text, WireBuffer* out) {
  const size_t value = 1 + VarintSize(text.size()) + text.size();
  char* to = out->Reserve(value + 12);
  to = WriteFront(kTagListValues, value, to);
  to = WriteFront(kTagString, text.size(), to);
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  out->SetEnd(to + text.size());
}

// `write` puts at most `max` (below 100) bytes of text at the place it is given and returns the
// end.
template <typename Write>
void AppendShort(size_t max, const Write& write, WireBuffer* out) {
  char* front = out->Reserve(max + 4);
  char* end = write(front + 4);
  const auto length = static_cast<char>(end - (front + 4));
  front[0] = kTagListValues;
  front[1] = static_cast<char>(length + 2);
  front[2] = kTagString;
  front[3] = length;
  out->SetEnd(end);
}

void AppendBase64(std::string_view bytes, WireBuffer* out) {
  const size_t length = Base64Size(bytes.size());
  const size_t value = 1 + VarintSize(length) + length;
  char* to = out->Reserve(value + 12);
  to = WriteFront(kTagListValues, value, to);
  to = WriteFront(kTagString, length, to);
  out->SetEnd(WriteBase64(bytes, to));
}

void AppendFloat(double value, WireBuffer* out) {
  if (!std::isfinite(value)) {
    return AppendString(std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity", out);
  }
  char* to = out->Reserve(11);
  to[0] = kTagListValues;
  to[1] = 9;
  to[2] = kTagNumber;
  std::memcpy(to + 3, &value, 8);  // little-endian on the wire, as on every machine this runs on
  out->SetEnd(to + 11);
}

void AppendTwoBytes(char tag, char value, WireBuffer* out) {
  char* to = out->Reserve(4);
  to[0] = kTagListValues;
  to[1] = 2;
  to[2] = tag;
  to[3] = value;
  out->SetEnd(to + 4);
}

// Puts `tag` and the length of everything after `start` in front of it. `start` has `kFrontMax`
// bytes of room before.
constexpr size_t kFrontMax = 11;
void CloseMessage(size_t start, char tag, WireBuffer* out) {
  const size_t length = out->size() - start;
  char front[kFrontMax];
  const size_t front_size = static_cast<size_t>(WriteFront(tag, length, front) - front);
  char* begin = out->data() + start - kFrontMax;
  std::memcpy(begin, front, front_size);
  std::memmove(begin + front_size, begin + kFrontMax, length);
  out->Truncate(out->size() - (kFrontMax - front_size));
}

size_t OpenMessage(WireBuffer* out) {
  out->SetEnd(out->Reserve(kFrontMax) + kFrontMax);
  return out->size();
}

void AppendElements(const sql::Type& type, const Datum& datum, WireBuffer* out) {
  const size_t element = OpenMessage(out);
  const size_t list = OpenMessage(out);
  size_t index = 0;
  for (const Datum& value : datum.elements()) {
    AppendListElement(type.is_array() ? type.element() : type.fields()[index].type, value, out);
    ++index;
  }
  CloseMessage(list, kTagList, out);
  CloseMessage(element, kTagListValues, out);
}

void AppendTimestamp(const Datum& datum, WireBuffer* out) {
  const sql::TimestampValue value = datum.timestamp();
  if (value == kPendingCommitTimestamp) return AppendString(kCommitTimestampText, out);
  AppendShort(
      kTimestampTextMax, [value](char* to) { return WriteTimestamp(value, to); }, out);
}

}  // namespace

void AppendListElement(TypeRef type, const Datum& datum, WireBuffer* out) {
  if (datum.null()) return AppendTwoBytes(kTagNull, 0, out);
  switch (type->kind()) {
    case TypeKind::kBool:
      return AppendTwoBytes(kTagBool, datum.bool_value() ? 1 : 0, out);
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      return AppendShort(
          kInt64TextMax, [&](char* to) { return WriteInt64(datum.int64(), to); }, out);
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return AppendFloat(datum.float64(), out);
    case TypeKind::kNumeric:
      return AppendShort(
          kNumericTextMax, [&](char* to) { return WriteNumeric(datum.wide(), to); }, out);
    case TypeKind::kString:
    case TypeKind::kJson:
      return AppendString(datum.str(), out);
    case TypeKind::kBytes:
    case TypeKind::kProto:
      return AppendBase64(datum.str(), out);
    case TypeKind::kDate:
      return AppendShort(
          kDateTextMax, [&](char* to) { return WriteDate(datum.int64(), to); }, out);
    case TypeKind::kTimestamp:
      return AppendTimestamp(datum, out);
    case TypeKind::kUuid:
      return AppendShort(
          kUuidTextMax, [&](char* to) { return WriteUuid(datum.wide(), to); }, out);
    case TypeKind::kInterval: {
      std::string text;
      sql::AppendInterval(datum.interval(), &text);
      return AppendString(text, out);
    }
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return AppendElements(*type, datum, out);
  }
}

MutationShape::MutationShape(MutationKind kind, std::string_view table,
                             absl::Span<const std::string> columns, std::vector<TypeRef> types)
    : kind_(kind), types_(std::move(types)) {
  WireBuffer head;
  const auto append = [&head](char tag, std::string_view text) {
    head.SetEnd(WriteFront(tag, text.size(), head.Reserve(kFrontMax)));
    head.Append(text);
  };
  append(kTagTable, table);
  if (kind != MutationKind::kDelete) {
    for (const std::string& column : columns) append(kTagWriteColumns, column);
  }
  head_ = std::string(head.view());
}

char MutationShape::row_tag() const {
  return kind_ == MutationKind::kDelete ? kTagKeySetKeys : kTagWriteValues;
}

template <typename Get>
MutationShape::RowBytes MutationShape::AppendRowOf(const Get& get, size_t key_columns,
                                                   WireBuffer* out) const {
  // Nearly every row is 128 to 16,383 bytes long, or shorter: room for a length of two bytes, moved
  // where it is wrong.
  const size_t start = out->size();
  out->SetEnd(out->Reserve(3) + 3);
  for (size_t i = 0; i < key_columns; ++i) AppendListElement(types_[i], get(i), out);
  const size_t key_length = out->size() - start - 3;
  for (size_t i = key_columns; i < types_.size(); ++i) AppendListElement(types_[i], get(i), out);
  const size_t length = out->size() - start - 3;
  const size_t front = 1 + VarintSize(length);
  if (front > 3) out->Reserve(front - 3);
  char* row = out->data() + start;
  if (front != 3) std::memmove(row + front, row + 3, length);
  WriteFront(row_tag(), length, row);
  out->Truncate(start + front + length);
  return {start, start + front, start + front + key_length, start + front + length};
}

MutationShape::RowBytes MutationShape::AppendRow(absl::Span<const Datum> row,
                                                 WireBuffer* out) const {
  return AppendRowOf([row](size_t i) -> const Datum& { return row[i]; }, 0, out);
}

MutationShape::RowBytes MutationShape::AppendRow(absl::Span<const sql::Column> columns,
                                                 uint32_t row, size_t key_columns,
                                                 WireBuffer* out) const {
  return AppendRowOf([&](size_t i) -> const Datum& { return columns[i].at(row); }, key_columns,
                     out);
}

void MutationShape::AppendRowOfElements(std::string_view front, std::string_view back,
                                        WireBuffer* out) const {
  out->SetEnd(WriteFront(row_tag(), front.size() + back.size(), out->Reserve(kFrontMax)));
  out->Append(front);
  out->Append(back);
}

void MutationShape::AppendMutationFront(size_t rows_bytes, WireBuffer* out) const {
  const bool is_delete = kind_ == MutationKind::kDelete;
  const size_t key_set = is_delete ? 1 + VarintSize(rows_bytes) : 0;
  const size_t operation = head_.size() + key_set + rows_bytes;
  const size_t mutation = 1 + VarintSize(operation) + operation;
  char* to = out->Reserve(3 * kFrontMax + head_.size());
  to = WriteFront(kTagCommitMutations, mutation, to);
  to = WriteFront(static_cast<char>(static_cast<int>(kind_) << 3 | 2), operation, to);
  std::memcpy(to, head_.data(), head_.size());
  to += head_.size();
  if (is_delete) to = WriteFront(kTagDeleteKeySet, rows_bytes, to);
  out->SetEnd(to);
}

void MutationShape::AppendMutation(std::string_view rows, WireBuffer* out) const {
  if (rows.empty()) return;
  AppendMutationFront(rows.size(), out);
  out->Append(rows);
}

size_t MutationShape::MutationBytes(size_t rows_bytes) const {
  if (rows_bytes == 0) return 0;
  const size_t key_set = kind_ == MutationKind::kDelete ? 1 + VarintSize(rows_bytes) : 0;
  const size_t operation = head_.size() + key_set + rows_bytes;
  const size_t mutation = 1 + VarintSize(operation) + operation;
  return 1 + VarintSize(mutation) + mutation;
}

void AppendKeySetKey(std::string_view front, std::string_view back, WireBuffer* out) {
  out->SetEnd(WriteFront(kTagKeySetKeys, front.size() + back.size(), out->Reserve(kFrontMax)));
  out->Append(front);
  out->Append(back);
}

void AppendMutationOf(MutationKind kind, std::string_view table, absl::Span<const Cell> row,
                      WireBuffer* out) {
  std::vector<std::string> columns;
  std::vector<TypeRef> types;
  std::vector<Datum> values;
  for (const Cell& cell : row) {
    columns.emplace_back(cell.column);
    types.push_back(cell.value.type());
    values.push_back(cell.value.datum());
  }
  const MutationShape shape(kind, table, columns, std::move(types));
  WireBuffer rows;
  shape.AppendRow(values, &rows);
  shape.AppendMutation(rows.view(), out);
}

uint32_t MutationCount(MutationKind kind, const MutationCost& cost) {
  const uint32_t inserted = cost.columns + cost.indexes;
  const uint32_t updated = cost.columns + 2 * cost.indexes_touched;
  switch (kind) {
    case MutationKind::kInsert:
      return inserted;
    case MutationKind::kUpdate:
      return updated;
    case MutationKind::kInsertOrUpdate:
    case MutationKind::kReplace:
      return std::max(inserted, updated);
    case MutationKind::kDelete:
      return 1 + cost.indexes;
  }
  return inserted;
}

}  // namespace ks::pipeline
