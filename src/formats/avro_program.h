// AvroProgram: a writer's schema resolved against columns, flat: what to do with each value of a
// message, in the order in which they are written.
//
// A reader's schema, where there is one, knows what the writer's cannot: the names that fields had
// before, what stands for a field that the writer did not know yet, and that a string is bytes now
// (https://avro.apache.org/docs/1.12.0/specification/#schema-resolution). The columns' types rule
// all other conversions, an enum's symbols are kept as they were written, and values that become
// JSON are as they were written too.
//
// A step reads one value into its type, or skips it, or writes it as JSON. Steps name each other by
// index, so a schema that holds itself is finite. Fields that the columns do not name are skipped;
// columns that the schema does not have are NULL, and an error here where they are NOT NULL or
// where a type does not fit. Thread safety: immutable once compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "formats/avro_schema.h"
#include "formats/decoder.h"

namespace ks::formats {

// kDefault: nothing is in the message; step `first` reads defaults[size] instead.
enum class AvroUse : uint8_t { kValue, kSkip, kJson, kRefuse, kDefault };

struct AvroStep {
  AvroKind kind = AvroKind::kNull;
  AvroUse use = AvroUse::kSkip;
  bool not_null = false;
  Meaning meaning;
  sql::TypeRef type = nullptr;                      // null: skipped
  uint32_t size = 0;                                // of a fixed
  uint32_t first = 0;                               // of links: its children
  uint32_t count = 0;                               // how many; of a union the branches
  const std::vector<std::string>* names = nullptr;  // the schema's: symbols, fields
  std::string path;                                 // for errors
};

// A child, and where its value goes: the field of the struct or the column; -1: nowhere.
struct AvroLink {
  uint32_t step = 0;
  int32_t slot = -1;
};

struct AvroProgram {
  AvroSchema schema;                         // owns the names
  std::shared_ptr<const AvroSchema> reader;  // may be null; those of defaults
  std::vector<AvroStep> steps;
  std::vector<AvroLink> links;
  std::vector<std::string> defaults;
  std::vector<uint32_t> missing;  // columns that neither schema has
  uint32_t root = 0;              // a record
};

// How to read schemas other than the one that the columns were planned with.
struct AvroReading {
  std::shared_ptr<const AvroSchema> reader;  // that one; null: it is not known
  Unfit unfit = Unfit::kError;
};

// INVALID_ARGUMENT when the schema does not fit the columns.
absl::StatusOr<std::shared_ptr<const AvroProgram>> CompileAvro(AvroSchema schema,
                                                               const Schema& columns,
                                                               const AvroReading& reading = {});

}  // namespace ks::formats
