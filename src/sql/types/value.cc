#include "sql/types/value.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql/types/sql_literal.h"

namespace ks::sql {
namespace {

bool PointsToNothing(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
    case TypeKind::kInt64:
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kEnum:
      return true;
    default:
      return false;
  }
}

Datum CopyElements(TypeRef type, const Datum& datum, Arena& arena) {
  const auto from = datum.elements();
  Datum* to = arena.AllocateArray<Datum>(from.size());
  for (size_t i = 0; i < from.size(); ++i) {
    TypeRef element = type->is_array() ? type->element() : type->fields()[i].type;
    to[i] = DeepCopy(element, from[i], arena);
  }
  return Datum::Elements({to, from.size()});
}

std::vector<Datum> DatumsOf(const std::vector<Value>& values) {
  std::vector<Datum> datums;
  datums.reserve(values.size());
  for (const Value& value : values) datums.push_back(value.datum());
  return datums;
}

}  // namespace

Datum DeepCopy(TypeRef type, const Datum& datum, Arena& arena) {
  if (datum.null() || PointsToNothing(type->kind())) return datum;
  switch (type->kind()) {
    case TypeKind::kNumeric:
    case TypeKind::kUuid:
      return Datum::Wide(arena.Store(datum.wide()));
    case TypeKind::kInterval:
      return Datum::Interval(arena.Store(datum.interval()));
    case TypeKind::kArray:
    case TypeKind::kStruct:
      return CopyElements(type, datum, arena);
    default:
      return Datum::Str(arena.Copy(datum.str()));
  }
}

Value::Value(TypeRef type, const Datum& datum) : type_(type), datum_(datum) {
  if (datum.null() || PointsToNothing(type->kind())) return;
  auto storage = std::make_shared<Arena>(64);
  datum_ = DeepCopy(type, datum, *storage);
  storage_ = std::move(storage);
}

Value Value::Array(TypeRef element, const std::vector<Value>& elements) {
  return Value(Type::Array(element), Datum::Elements(DatumsOf(elements)));
}

Value Value::Struct(TypeRef type, const std::vector<Value>& fields) {
  return Value(type, Datum::Elements(DatumsOf(fields)));
}

std::string Value::ToSql() const {
  std::string text;
  AppendSqlLiteral(type_, datum_, &text);
  return text;
}

bool Value::operator==(const Value& other) const {
  return type_ == other.type_ && GroupingEquals(type_, datum_, other.datum_);
}

}  // namespace ks::sql
