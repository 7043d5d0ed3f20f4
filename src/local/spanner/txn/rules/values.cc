#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local::rules {
namespace {

using sql::Datum;
using sql::TypeKind;

int64_t CountChars(std::string_view utf8) {
  int64_t chars = 0;
  for (char c : utf8) chars += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return chars;
}

absl::Status CheckLength(const Table& table, const Column& column, TypeKind kind,
                         const Datum& value) {
  if (value.null()) return absl::OkStatus();
  int64_t bytes = static_cast<int64_t>(value.str().size());
  if (kind == TypeKind::kString) {
    int64_t limit = column.max_length == kMaxLength ? limits::kStringChars : column.max_length;
    if (bytes <= limit) return absl::OkStatus();
    int64_t chars = CountChars(value.str());
    if (chars > limit) return errors::ValueTooLong(table.name, column.name, limit, chars);
    return absl::OkStatus();
  }
  bool declared = kind == TypeKind::kBytes && column.max_length != kMaxLength;
  int64_t limit = declared ? column.max_length : limits::kCellBytes;
  if (bytes > limit) return errors::ValueTooLong(table.name, column.name, limit, bytes);
  return absl::OkStatus();
}

bool HasLength(TypeKind kind) {
  return kind == TypeKind::kString || kind == TypeKind::kBytes || kind == TypeKind::kJson ||
         kind == TypeKind::kProto;
}

absl::Status CheckArray(const Table& table, const Column& column, const Datum& value) {
  auto elements = value.elements();
  if (column.vector_length) {
    int64_t length = static_cast<int64_t>(elements.size());
    if (length != *column.vector_length) {
      return errors::VectorLength(column.name, length, *column.vector_length);
    }
    for (const Datum& element : elements) {
      if (element.null()) return errors::VectorNull(column.name);
    }
  }
  TypeKind kind = column.type->element()->kind();
  if (!HasLength(kind)) return absl::OkStatus();
  int64_t bytes = 0;
  for (const Datum& element : elements) {
    KS_RETURN_IF_ERROR(CheckLength(table, column, kind, element));
    if (!element.null()) bytes += static_cast<int64_t>(element.str().size());
  }
  if (bytes > limits::kCellBytes) {
    return errors::ValueTooLong(table.name, column.name, limits::kCellBytes, bytes);
  }
  return absl::OkStatus();
}

absl::Status CheckTimestamp(const Table& table, const Column& column, const Datum& value,
                            CommitTimestamp now) {
  if (IsPendingCommitTimestamp(value)) {
    if (column.allow_commit_timestamp) return absl::OkStatus();
    return errors::CommitTimestampNotAllowed(table.name, column.name);
  }
  if (!column.allow_commit_timestamp) return absl::OkStatus();
  CommitTimestamp written = FromSqlTimestamp(value.timestamp());
  if (written > now) return errors::CommitTimestampInFuture(written.value());
  return absl::OkStatus();
}

// https://cloud.google.com/spanner/docs/reference/standard-sql/data-types#storage_size_for_data_types
constexpr int64_t kPartBytesMost = 22;  // of a value that is no text
int64_t DataBytes(sql::TypeRef type, const Datum& value) {
  if (value.null()) return 0;
  switch (type->kind()) {
    case TypeKind::kBool:
      return 1;
    case TypeKind::kDate:
    case TypeKind::kFloat32:
      return 4;
    case TypeKind::kTimestamp:
      return 12;
    case TypeKind::kUuid:
      return 16;
    case TypeKind::kNumeric:
      return kPartBytesMost;
    case TypeKind::kString:
    case TypeKind::kBytes:
      return static_cast<int64_t>(value.str().size());
    default:
      return 8;
  }
}

}  // namespace

absl::Status ValidateValues(const Mutation& mutation, CommitTimestamp now) {
  const Table& table = *mutation.table;
  size_t rows = mutation.rows();
  size_t width = mutation.columns.size();
  for (size_t i = 0; i < width; ++i) {
    const Column& column = table.columns[mutation.columns[i]];
    TypeKind kind = column.type->kind();
    for (size_t r = 0; r < rows; ++r) {
      const Datum& value = mutation.values[r * width + i];
      if (value.null()) {
        if (column.not_null) return errors::NotNullViolation(table.name, column.name);
      } else if (HasLength(kind)) {
        KS_RETURN_IF_ERROR(CheckLength(table, column, kind, value));
      } else if (kind == TypeKind::kArray) {
        KS_RETURN_IF_ERROR(CheckArray(table, column, value));
      } else if (kind == TypeKind::kTimestamp) {
        KS_RETURN_IF_ERROR(CheckTimestamp(table, column, value, now));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateKeySize(std::string_view of, std::string_view name, const KeyShape& shape,
                             std::string_view key) {
  // An encoded key is shorter than its values by a few bytes for each part at most.
  if (static_cast<int64_t>(key.size() + shape.parts.size() * kPartBytesMost) <= limits::kKeyBytes) {
    return absl::OkStatus();
  }
  sql::Arena arena;
  std::vector<Datum> values(shape.parts.size());
  KS_RETURN_IF_ERROR(DecodeKey(shape, key, arena, values.data()));
  int64_t bytes = 0;
  for (size_t i = 0; i < values.size(); ++i) bytes += DataBytes(shape.parts[i].type, values[i]);
  if (bytes <= limits::kKeyBytes) return absl::OkStatus();
  return errors::KeyTooLarge(StrCat(of, " ", name), bytes, limits::kKeyBytes);
}

}  // namespace ks::local::rules
