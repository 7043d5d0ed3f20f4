// AvroSchema: a writer's schema, read from its JSON, and the columns it gives by itself.
//
// Nodes lie in one vector and name each other by index, so that a type may hold itself. Logical
// types that do not fit their type are ignored, as the specification says; `connect.name` (Kafka
// Connect's converter) counts where there is no logical type. Source:
// https://avro.apache.org/docs/1.12.0/specification/. Thread safety: immutable once parsed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "formats/decoder.h"
#include "formats/meaning.h"

namespace ks::formats {

enum class AvroKind : uint8_t {
  kNull,
  kBool,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kArray,
  kMap,
  kUnion,
  kRecord
};

// What a schema says of a field to those who read other schemas' records with it.
struct AvroFieldTerms {
  std::vector<std::string> aliases;  // names that it had before
  std::string default_value;         // JSON; empty: there is none
};

struct AvroNode {
  AvroKind kind = AvroKind::kNull;
  Meaning meaning;
  uint32_t size = 0;                  // of a fixed
  std::string name;                   // of a fixed, an enum, a record: with its namespace
  std::vector<std::string> names;     // an enum's symbols, a record's fields
  std::vector<uint32_t> children;     // a record's fields' types, a union's branches, the element
  std::vector<AvroFieldTerms> terms;  // of a record's fields
};

class AvroSchema {
 public:
  // `references`: schemas whose names `text` uses, each after those that it uses itself.
  static absl::StatusOr<AvroSchema> Parse(std::string_view text,
                                          absl::Span<const std::string> references = {});

  const std::vector<AvroNode>& nodes() const { return nodes_; }
  const AvroNode& node(uint32_t index) const { return nodes_[index]; }
  uint32_t root() const { return root_; }

  // The columns that hold every record of this schema: docs/guide/formats.md. An error when it is
  // no record.
  absl::StatusOr<Schema> Columns() const;

 private:
  friend class AvroSchemaReader;
  std::vector<AvroNode> nodes_;
  uint32_t root_ = 0;
};

// How primitive values of this kind are written; none for others.
bool AvroWire(AvroKind kind, Wire* wire);
// The default of a record's field, which is JSON, as a writer would have written it. Of a union it
// is the first branch that it fits.
absl::StatusOr<std::string> AvroDefault(const AvroSchema& schema, const AvroNode& record,
                                        size_t field);
std::string_view AvroKindName(AvroKind kind);

}  // namespace ks::formats
