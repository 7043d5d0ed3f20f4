// What $proto_set (proto_set.cc) is told about the field that it writes. The analyzer fills it in
// and passes it as constants.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sql/proto_catalog.h"
#include "sql/types/value.h"

namespace ks::sql {

struct ProtoSetOptions {
  enum class Verb : uint8_t { kNew, kReplace, kUpdate };  // NEW, REPLACE_FIELDS, UPDATE … SET
  Verb verb = Verb::kNew;
  ProtoEncoding encoding = ProtoEncoding::kVarint;
  bool packed = false;
  bool required = false;
  std::vector<int32_t> rivals;  // fields that go when this one is set
  std::string message;          // the type that has the field, for errors
  std::string field;

  Value Numbers() const;  // ARRAY<INT64>: all but the names
  static ProtoSetOptions From(const Value& numbers, const Value& message, const Value& field);
};

// Of a path to a field: number * 8 + wire type.
int64_t ProtoTag(const ProtoField& field);

}  // namespace ks::sql
