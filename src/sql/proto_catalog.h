// What the messages and enums of a database look like to queries. SQL itself knows no descriptors:
// a field is a number, an encoding and a type, and text is the catalog's.
// https://cloud.google.com/spanner/docs/reference/standard-sql/protocol-buffers
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  bool packed = false;  // repeated, and its values stand in one piece
  bool required = false;
  std::vector<int32_t> rivals;  // the others of its oneof
  TypeRef type = nullptr;       // an ARRAY when repeated; null: SQL has none, such as for int32
  std::string type_name;        // of one value, for that error
  Value unset;                  // of `type`: what a message without it answers
};

// Lives as long as what was analyzed with it is analyzed and evaluated. Thread safety: reading from
// any thread.
class ProtoCatalog {
 public:
  virtual ~ProtoCatalog() = default;
  // A PROTO or ENUM type; null when there is none.
  virtual TypeRef FindType(std::string_view full_name) const = 0;
  // Without regard to case. NOT_FOUND: the message has no such field.
  virtual absl::StatusOr<ProtoField> FindField(TypeRef message, std::string_view name) const = 0;
  // The required fields of a message, as they are written.
  virtual std::vector<std::string> RequiredFields(TypeRef message) const = 0;

  // Names are compared letter by letter, as CAST does.
  virtual std::optional<int32_t> EnumNumber(TypeRef type, std::string_view name) const = 0;
  virtual std::optional<std::string> EnumName(TypeRef type, int64_t number) const = 0;
  // Text format, in one line (https://protobuf.dev/reference/protobuf/textformat-spec).
  // OUT_OF_RANGE: it is no such message, with what is wrong and where.
  virtual absl::StatusOr<std::string> ParseText(TypeRef message, std::string_view text) const = 0;
  // Nothing when the bytes are no such message.
  virtual std::optional<std::string> PrintText(TypeRef message, std::string_view bytes) const = 0;
};

}  // namespace ks::sql
