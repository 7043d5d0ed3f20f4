// Guesses: what kind of messages a topic holds, and the fields and types of JSON objects, from
// samples of their bytes. Pure. Thread safety: none needed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace ks::cli {

struct GuessedField {
  std::string name;
  std::string type;  // GoogleSQL
  std::string note;  // what it was guessed from, and what else it may be
};

// What the samples of a key or a value have in common.
struct GuessedPart {
  std::string format;                // of a pipeline file; empty: there are no bytes at all
  bool framed = false;               // a registry's serializer has put a schema's number in front
  std::vector<GuessedField> fields;  // of JSON, and of Debezium's rows
  std::string note;
};

// `samples` of the same part, nothing where a record has none.
GuessedPart GuessPart(const std::vector<std::optional<std::string>>& samples);

// Fields of JSON objects, in the order of their first appearance.
std::vector<GuessedField> GuessFields(const std::vector<nlohmann::ordered_json>& objects);

// user_id, userId or user-id as UserId.
std::string PascalCase(std::string_view name);

}  // namespace ks::cli
