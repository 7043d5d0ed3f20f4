// JsonWalker: one message's tokens become the values of a schema.
//
// A schema is compiled to a tree of JsonNode; the walker goes over the positions that JsonIndex
// found, once, and checks the whole grammar on the way, fields that nobody wants included. It stops
// at the first error.
//
// Thread safety: none. The nodes remember the order in which fields came, which the next message
// most likely repeats.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "base/string_map.h"
#include "formats/decoder.h"
#include "formats/meaning.h"
#include "sql/types/arena.h"
#include "sql/types/datum.h"
#include "sql/types/type.h"

namespace ks::formats {

struct JsonNode {
  std::string name;
  std::string path;  // for errors: `address.city`, `tags[]`
  sql::TypeRef type = nullptr;
  bool not_null = false;
  bool raw = false;      // of type JSON: the text as it stands, for another decoder to read
  bool ignored = false;  // skipped, as a field that nobody knows
  Meaning meaning;       // what a number or string stands for, where its schema says so
  std::vector<JsonNode>
      children;  // the fields of a STRUCT (or of the message); the element of an ARRAY

  // Lookup of children by name, and which objects had them already.
  StringMap<uint32_t> by_name;
  std::vector<uint64_t> seen;  // the number of the last object that had this child
  uint64_t objects = 0;        // of the root: how many objects there have been, in all messages
};

// The node for a message of `schema`. INVALID_ARGUMENT for a type that JSON has no form for.
absl::StatusOr<JsonNode> CompileJsonSchema(const Schema& schema);

// A decoder of messages that the node, compiled from `schema` and then adorned, describes.
std::unique_ptr<Decoder> MakeJsonDecoder(Schema schema, JsonNode root);

class JsonWalker {
 public:
  JsonWalker(JsonNode& root, sql::Arena& arena) : root_(root), arena_(arena) {}

  // The message is data[begin, end); `position` is its first token's. 64 bytes behind `end` are
  // readable. On success the fields are in columns[i][row], and position() is the first token
  // behind the message.
  bool Walk(const char* data, uint32_t begin, uint32_t end, const uint32_t* position,
            absl::Span<sql::Datum* const> columns, uint32_t row);

  const uint32_t* position() const { return at_; }
  RecordError TakeError() { return std::move(error_); }

 private:
  // Parsers of a value leave at_ behind it. False: error_ is set.
  template <typename Sink>
  bool ParseObject(JsonNode& node, const Sink& sink);
  template <typename Sink>
  bool ParseField(JsonNode& node, uint64_t object, size_t* expected, const Sink& sink);
  template <typename Sink>
  bool FillMissing(const JsonNode& node, uint64_t object, const Sink& sink);
  bool ParseValue(JsonNode& node, sql::Datum* out);
  bool ParseScalar(const JsonNode& node, std::string_view token, sql::Datum* out);
  bool ParseString(const JsonNode& node, std::string_view token, sql::Datum* out);
  bool ParseMeaning(const JsonNode& node, std::string_view token, std::string_view text,
                    sql::Datum* out);
  bool ParseVariableDecimal(JsonNode& node, sql::Datum* out);
  bool FailParsed(const JsonNode& node, Parsed parsed, std::string_view token);
  bool ParseStruct(JsonNode& node, sql::Datum* out);
  bool ParseArray(JsonNode& node, sql::Datum* out);
  bool ParseJson(const JsonNode& node, sql::Datum* out);
  bool SkipValue();
  bool SkipContainer();
  bool CheckScalar(std::string_view token);

  bool ReadKey(std::string_view* key);
  // The contents of a string token without quotes and escapes.
  bool Unescape(std::string_view token, std::string_view* text);

  bool AtEnd() const { return *at_ >= end_; }
  char Peek() const { return AtEnd() ? '\0' : data_[*at_]; }
  // The bytes of the token at at_, without white space behind it.
  std::string_view Token() const;
  bool Expect(char c, std::string_view expected);
  bool Enter();
  uint32_t OffsetOf(std::string_view token) const {
    return static_cast<uint32_t>(token.data() - data_) - begin_;
  }

  bool Fail(ErrorKind kind, std::string message);
  bool FailMalformed(uint32_t byte, std::string_view expected);
  bool FailHere(std::string_view expected);
  bool FailType(const JsonNode& node, std::string_view token);

  JsonNode& root_;
  sql::Arena& arena_;
  const char* data_ = nullptr;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  const uint32_t* at_ = nullptr;
  bool escapes_ = false;  // the message has a backslash somewhere
  uint32_t depth_ = 0;
  std::vector<sql::Datum> scratch_;  // elements of the arrays being read, innermost last
  RecordError error_;
};

}  // namespace ks::formats
