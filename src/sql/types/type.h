// GoogleSQL types.
//
// A type is a `const Type*` that lives for ever and is interned: two types are the same exactly
// when their pointers are equal. Simple types are constants; ARRAY and STRUCT types are made on
// first use. Thread safety: everything here may be called from any thread; interning takes a lock,
// so make types when a statement is analyzed, never per record. Source of names and rules:
// https://cloud.google.com/spanner/docs/reference/standard-sql/data-types
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ks::sql {

enum class TypeKind : uint8_t {
  kBool,
  kInt64,
  kFloat32,
  kFloat64,
  kNumeric,
  kString,
  kBytes,
  kDate,
  kTimestamp,
  kJson,
  kUuid,
  kInterval,
  kProto,
  kEnum,
  kArray,
  kStruct,
};

class Type;
using TypeRef = const Type*;

struct StructField {
  std::string name;  // empty: the field has no name
  TypeRef type;
  bool operator==(const StructField&) const = default;
};

class Type {
 public:
  static TypeRef Bool();
  static TypeRef Int64();
  static TypeRef Float32();
  static TypeRef Float64();
  static TypeRef Numeric();
  static TypeRef String();
  static TypeRef Bytes();
  static TypeRef Date();
  static TypeRef Timestamp();
  static TypeRef Json();
  static TypeRef Uuid();
  static TypeRef Interval();
  // `element` is not an ARRAY: Spanner has no arrays of arrays.
  static TypeRef Array(TypeRef element);
  static TypeRef Struct(std::vector<StructField> fields);
  static TypeRef Proto(std::string_view full_name);
  static TypeRef Enum(std::string_view full_name);
  // The simple type of this (case-insensitive) name, with the aliases GoogleSQL has; null when
  // there is none.
  static TypeRef FromName(std::string_view name);

  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;

  TypeKind kind() const { return kind_; }
  bool Is(TypeKind kind) const { return kind_ == kind; }
  bool is_array() const { return kind_ == TypeKind::kArray; }
  bool is_struct() const { return kind_ == TypeKind::kStruct; }
  bool is_numeric() const;   // INT64, FLOAT32, FLOAT64, NUMERIC
  bool is_floating() const;  // FLOAT32, FLOAT64

  TypeRef element() const { return element_; }                        // of an ARRAY
  const std::vector<StructField>& fields() const { return fields_; }  // of a STRUCT
  const std::string& full_name() const { return full_name_; }         // of a PROTO or ENUM

  // `INT64`, `ARRAY<STRING>`, `STRUCT<a INT64, b ARRAY<STRING>>`: as Spanner prints it.
  std::string ToString() const;

  bool SupportsEquality() const;  // may stand under =, IN, DISTINCT
  bool SupportsOrdering() const;  // may stand under <, ORDER BY, MIN
  bool SupportsGrouping() const;  // may stand under GROUP BY

 private:
  friend class TypeStore;
  Type(TypeKind kind, TypeRef element, std::vector<StructField> fields, std::string full_name);

  const TypeKind kind_;
  const TypeRef element_;
  const std::vector<StructField> fields_;
  const std::string full_name_;
};

}  // namespace ks::sql
