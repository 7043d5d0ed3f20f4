// What the messages and enums of a database look like to queries. SQL itself knows no descriptors:
// a field is a number, an encoding and a type.
// https://cloud.google.com/spanner/docs/reference/standard-sql/protocol-buffers
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "sql/types/type.h"
#include "sql/types/value.h"

namespace ks::sql {

// How the wire format holds a value, and what it is read as.
enum class ProtoEncoding : uint8_t {
  kVarint,  // int64, bool, enum
  kZigzag,  // sint64
  kFixed64,
  kFloat,
  kDouble,
  kLength,  // string, bytes, message
  kGroup,
};

struct ProtoField {
  std::string name;
  int32_t number = 0;
  ProtoEncoding encoding = ProtoEncoding::kVarint;
  bool repeated = false;
  TypeRef type = nullptr;  // an ARRAY when repeated; null: SQL has none, such as for int32
  std::string type_name;   // of one value, for that error
  Value unset;             // of `type`: what a message without it answers
};

// Lives as long as what was analyzed with it is analyzed. Thread safety: reading from any thread.
class ProtoCatalog {
 public:
  virtual ~ProtoCatalog() = default;
  // A PROTO or ENUM type; null when there is none.
  virtual TypeRef FindType(std::string_view full_name) const = 0;
  // Without regard to case. NOT_FOUND: the message has no such field.
  virtual absl::StatusOr<ProtoField> FindField(TypeRef message, std::string_view name) const = 0;
};

}  // namespace ks::sql
