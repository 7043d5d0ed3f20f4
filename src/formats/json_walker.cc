#include "formats/json_walker.h"

#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/json_text.h"
#include "formats/limits.h"
#include "formats/text.h"
#include "sql/types/value.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::TypeKind;

// The places values are written to: a row of columns, or the fields of one struct.
struct ColumnSink {
  absl::Span<Datum* const> columns;
  uint32_t row;
  Datum* operator()(size_t field) const { return &columns[field][row]; }
};
struct ElementSink {
  Datum* elements;
  Datum* operator()(size_t field) const { return &elements[field]; }
};

absl::Status CompileChildren(JsonNode& node);

absl::StatusOr<JsonNode> CompileNode(std::string name, std::string path, sql::TypeRef type,
                                     bool not_null) {
  JsonNode node{
      .name = std::move(name), .path = std::move(path), .type = type, .not_null = not_null};
  switch (type->kind()) {
    case TypeKind::kInterval:
    case TypeKind::kProto:
    case TypeKind::kEnum:
      return UnsupportedType("JSON", node.path, type);
    case TypeKind::kArray: {
      KS_ASSIGN_OR_RETURN(JsonNode element,
                          CompileNode("", StrCat(node.path, "[]"), type->element(), false));
      node.children.push_back(std::move(element));
      return node;
    }
    case TypeKind::kStruct:
      for (const sql::StructField& field : type->fields()) {
        const std::string child = StrCat(node.path, ".", field.name);
        KS_ASSIGN_OR_RETURN(JsonNode compiled, CompileNode(field.name, child, field.type, false));
        node.children.push_back(std::move(compiled));
      }
      KS_RETURN_IF_ERROR(CompileChildren(node));
      return node;
    default:
      return node;
  }
}

absl::Status CompileChildren(JsonNode& node) {
  node.seen.assign(node.children.size(), 0);
  for (uint32_t i = 0; i < node.children.size(); ++i) {
    if (!node.by_name.try_emplace(node.children[i].name, i).second) {
      return absl::InvalidArgumentError(
          StrCat("field `", node.children[i].path, "` stands twice in the schema"));
    }
  }
  return absl::OkStatus();
}

// What a value of this type looks like in JSON, for errors.
std::string_view ExpectedForm(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
      return "true or false";
    case TypeKind::kInt64:
      return "a whole number";
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
    case TypeKind::kNumeric:
      return "a number";
    case TypeKind::kBytes:
      return "a base64 string";
    case TypeKind::kDate:
      return "a string YYYY-MM-DD";
    case TypeKind::kTimestamp:
      return "an RFC 3339 string with a zone";
    case TypeKind::kUuid:
      return "a UUID string";
    case TypeKind::kArray:
      return "an array";
    case TypeKind::kStruct:
      return "an object";
    default:
      return "a string";
  }
}

}  // namespace

absl::StatusOr<JsonNode> CompileJsonSchema(const Schema& schema) {
  JsonNode root;
  for (const Field& field : schema) {
    KS_ASSIGN_OR_RETURN(JsonNode child,
                        CompileNode(field.name, field.name, field.type, field.not_null));
    root.children.push_back(std::move(child));
  }
  KS_RETURN_IF_ERROR(CompileChildren(root));
  return root;
}

bool JsonWalker::Walk(const char* data, uint32_t begin, uint32_t end, const uint32_t* position,
                      absl::Span<Datum* const> columns, uint32_t row) {
  data_ = data;
  begin_ = begin;
  end_ = end;
  at_ = position;
  depth_ = 0;
  scratch_.clear();
  escapes_ = std::memchr(data + begin, '\\', end - begin) != nullptr;
  if (AtEnd()) return Fail(ErrorKind::kMalformed, EmptyMessage());
  if (Peek() != '{') return FailHere("an object");
  if (!ParseObject(root_, ColumnSink{columns, row})) return false;
  if (!AtEnd()) return FailHere("nothing more");
  return true;
}

std::string_view JsonWalker::Token() const {
  const uint32_t start = at_[0];
  uint32_t limit = at_[1] < end_ ? at_[1] : end_;
  while (limit > start + 1 && IsJsonSpace(data_[limit - 1])) --limit;
  return {data_ + start, limit - start};
}

template <typename Sink>
bool JsonWalker::ParseObject(JsonNode& node, const Sink& sink) {
  if (!Enter()) return false;
  ++at_;  // {
  const uint64_t object = ++root_.objects;
  size_t expected = 0;
  if (Peek() == '}') {
    ++at_;
  } else {
    while (true) {
      if (!ParseField(node, object, &expected, sink)) return false;
      const char next = Peek();
      if (next != ',' && next != '}') return FailHere("`,` or `}`");
      ++at_;
      if (next == '}') break;
    }
  }
  --depth_;
  return FillMissing(node, object, sink);
}

template <typename Sink>
bool JsonWalker::ParseField(JsonNode& node, uint64_t object, size_t* expected, const Sink& sink) {
  if (Peek() != '"') return FailHere("a field name in quotes");
  const uint32_t key_byte = *at_ - begin_;
  std::string_view key;
  if (!ReadKey(&key)) return false;
  if (!Expect(':', "`:`")) return false;
  size_t index = *expected;
  if (index >= node.children.size() || node.children[index].name != key) {
    const auto found = node.by_name.find(key);
    if (found == node.by_name.end()) return SkipValue();
    index = found->second;
  }
  JsonNode& child = node.children[index];
  if (child.ignored) return SkipValue();
  if (node.seen[index] == object)
    return Fail(ErrorKind::kDuplicateField, DuplicateField(child.path, key_byte));
  node.seen[index] = object;
  *expected = index + 1;
  return ParseValue(child, sink(index));
}

template <typename Sink>
bool JsonWalker::FillMissing(const JsonNode& node, uint64_t object, const Sink& sink) {
  for (size_t i = 0; i < node.children.size(); ++i) {
    if (node.seen[i] == object) continue;
    const JsonNode& child = node.children[i];
    if (child.not_null) return Fail(ErrorKind::kMissingField, MissingField(child.path));
    *sink(i) = Datum::Null();
  }
  return true;
}

bool JsonWalker::ReadKey(std::string_view* key) {
  const std::string_view token = Token();
  if (token.size() < 2 || token.back() != '"') return FailHere("a field name in quotes");
  ++at_;
  return Unescape(token, key);
}

bool JsonWalker::ParseValue(JsonNode& node, Datum* out) {
  if (AtEnd()) return FailHere("a value");
  const char first = data_[*at_];
  const bool text = node.meaning.kind == MeaningKind::kJson;  // JSON inside a string
  if (node.type->kind() == TypeKind::kJson && first != 'n' && !text) return ParseJson(node, out);
  if (first == '{' && node.meaning.kind == MeaningKind::kVariableDecimal)
    return ParseVariableDecimal(node, out);
  if (first == '{') return ParseStruct(node, out);
  if (first == '[') return ParseArray(node, out);
  const std::string_view token = Token();
  ++at_;
  if (first == '"') {
    if (token.size() < 2 || token.back() != '"')
      return FailMalformed(OffsetOf(token), "a string's closing quote");
    return ParseString(node, token, out);
  }
  return ParseScalar(node, token, out);
}

bool JsonWalker::ParseScalar(const JsonNode& node, std::string_view token, Datum* out) {
  if (token == "null") {
    if (node.not_null) return Fail(ErrorKind::kMissingField, NullField(node.path));
    *out = Datum::Null();
    return true;
  }
  if (!node.meaning.none()) return ParseMeaning(node, token, {}, out);
  const TypeKind kind = node.type->kind();
  if (token == "true" || token == "false") {
    if (kind != TypeKind::kBool) return FailType(node, token);
    *out = Datum::Bool(token.front() == 't');
    return true;
  }
  Parsed parsed = Parsed::kMalformed;
  if (kind == TypeKind::kInt64) {
    int64_t value = 0;
    parsed = ParseInt64Exact(token, &value);
    *out = Datum::Int64(value);
  } else if (!IsJsonNumber(token)) {
    return FailMalformed(OffsetOf(token), "a value");
  } else if (kind == TypeKind::kFloat64 || kind == TypeKind::kFloat32) {
    double value = 0;
    parsed = kind == TypeKind::kFloat64 ? ParseFloat64(token, &value) : ParseFloat32(token, &value);
    *out = Datum::Float64(value);
  } else if (kind == TypeKind::kNumeric) {
    sql::Int128 value = 0;
    parsed = ParseNumericExact(token, &value);
    *out = Datum::Wide(arena_.Store(value));
  } else {
    return FailType(node, token);
  }
  if (parsed == Parsed::kOk) return true;
  if (!IsJsonNumber(token)) return FailMalformed(OffsetOf(token), "a value");
  return Fail(ErrorKind::kOutOfRange, NotExact(node.path, node.type, token, OffsetOf(token)));
}

bool JsonWalker::ParseString(const JsonNode& node, std::string_view token, Datum* out) {
  std::string_view text;
  if (!Unescape(token, &text)) return false;
  if (!node.meaning.none()) return ParseMeaning(node, token, text, out);
  if (node.type->kind() == TypeKind::kString) {
    *out = Datum::Str(text);
    return true;
  }
  return FailParsed(node, ParseText(node.type, text, arena_, out), token);
}

// A number, or `text` of a string (data() == nullptr: it was none), whose schema says what it is.
bool JsonWalker::ParseMeaning(const JsonNode& node, std::string_view token, std::string_view text,
                              Datum* out) {
  if (text.data() == nullptr) {
    int64_t value = 0;
    if (!IsJsonNumber(token)) return FailType(node, token);
    const Parsed parsed = ParseInt64Exact(token, &value);
    if (parsed != Parsed::kOk) return FailParsed(node, parsed, token);
    return FailParsed(node, FromInteger(node.meaning, value, node.type, arena_, out), token);
  }
  if (node.meaning.kind != MeaningKind::kDecimal)
    return FailParsed(node, FromText(node.meaning, text, node.type, arena_, out), token);
  char* const bytes = arena_.Allocate(text.size());
  size_t size = 0;
  if (DecodeBase64(text, bytes, &size) != Parsed::kOk) return FailType(node, token);
  return FailParsed(node, FromBytes(node.meaning, {bytes, size}, node.type, arena_, out), token);
}

bool JsonWalker::FailParsed(const JsonNode& node, Parsed parsed, std::string_view token) {
  if (parsed == Parsed::kOk) return true;
  if (parsed == Parsed::kMalformed) return FailType(node, token);
  return Fail(ErrorKind::kOutOfRange, NotExact(node.path, node.type, token, OffsetOf(token)));
}

// {scale, value}: the node's two children.
bool JsonWalker::ParseVariableDecimal(JsonNode& node, Datum* out) {
  const uint32_t start = *at_;
  Datum parts[2];
  if (!ParseObject(node, ElementSink{parts})) return false;
  const std::string_view token(data_ + start, *at_ < end_ ? *at_ - start : end_ - start);
  const Meaning meaning{MeaningKind::kDecimal, static_cast<int32_t>(std::clamp<int64_t>(
                                                   parts[0].int64(), INT32_MIN, INT32_MAX))};
  return FailParsed(node, FromBytes(meaning, parts[1].str(), node.type, arena_, out), token);
}

bool JsonWalker::ParseStruct(JsonNode& node, Datum* out) {
  if (!node.type->is_struct()) return FailType(node, Token().substr(0, 1));
  Datum* fields = arena_.AllocateArray<Datum>(node.children.size());
  if (!ParseObject(node, ElementSink{fields})) return false;
  *out = Datum::Elements({fields, node.children.size()});
  return true;
}

bool JsonWalker::ParseArray(JsonNode& node, Datum* out) {
  if (!node.type->is_array()) return FailType(node, Token().substr(0, 1));
  if (!Enter()) return false;
  ++at_;  // [
  const size_t start = scratch_.size();
  if (Peek() == ']') {
    ++at_;
  } else {
    while (true) {
      Datum element = Datum::Null();
      if (!ParseValue(node.children[0], &element)) return false;
      scratch_.push_back(element);
      const char next = Peek();
      if (next != ',' && next != ']') return FailHere("`,` or `]`");
      ++at_;
      if (next == ']') break;
    }
  }
  --depth_;
  const size_t count = scratch_.size() - start;
  Datum* elements = arena_.AllocateArray<Datum>(count);
  std::copy(scratch_.begin() + static_cast<ptrdiff_t>(start), scratch_.end(), elements);
  scratch_.resize(start);
  *out = Datum::Elements({elements, count});
  return true;
}

bool JsonWalker::ParseJson(const JsonNode& node, Datum* out) {
  const uint32_t start = *at_;
  if (!SkipValue()) return false;
  uint32_t limit = *at_ < end_ ? *at_ : end_;
  while (limit > start && IsJsonSpace(data_[limit - 1])) --limit;
  const std::string_view raw(data_ + start, limit - start);
  if (node.raw) {
    *out = Datum::Str(raw);
    return true;
  }
  const auto normalized = sql::NormalizeJson(raw);
  if (!normalized.ok()) {
    return Fail(ErrorKind::kMalformed,
                StrCat("field `", node.path, "`: ", normalized.status().message()));
  }
  *out = Datum::Str(arena_.Copy(*normalized));
  return true;
}

bool JsonWalker::SkipValue() {
  if (AtEnd()) return FailHere("a value");
  const char first = data_[*at_];
  if (first == '{' || first == '[') return SkipContainer();
  const std::string_view token = Token();
  ++at_;
  return CheckScalar(token);
}

bool JsonWalker::CheckScalar(std::string_view token) {
  if (token.front() == '"') {
    if (token.size() < 2 || token.back() != '"')
      return FailMalformed(OffsetOf(token), "a string's closing quote");
    std::string_view unused;
    return Unescape(token, &unused);
  }
  if (token == "null" || token == "true" || token == "false" || IsJsonNumber(token)) return true;
  return FailMalformed(OffsetOf(token), "a value");
}

bool JsonWalker::SkipContainer() {
  if (!Enter()) return false;
  const bool object = data_[*at_] == '{';
  const char close = object ? '}' : ']';
  ++at_;
  if (Peek() == close) {
    ++at_;
    --depth_;
    return true;
  }
  while (true) {
    if (object) {
      std::string_view key;
      if (Peek() != '"') return FailHere("a field name in quotes");
      if (!ReadKey(&key) || !Expect(':', "`:`")) return false;
    }
    if (!SkipValue()) return false;
    const char next = Peek();
    if (next != ',' && next != close) return FailHere(object ? "`,` or `}`" : "`,` or `]`");
    ++at_;
    if (next == close) break;
  }
  --depth_;
  return true;
}

bool JsonWalker::Unescape(std::string_view token, std::string_view* text) {
  const std::string_view inner = token.substr(1, token.size() - 2);
  if (!escapes_ || std::memchr(inner.data(), '\\', inner.size()) == nullptr) {
    *text = inner;
    return true;
  }
  char* to = arena_.Allocate(inner.size());
  size_t size = 0;
  const size_t error = UnescapeJson(inner, to, &size);
  if (error != std::string_view::npos) {
    return FailMalformed(OffsetOf(inner) + static_cast<uint32_t>(error), "a valid escape");
  }
  *text = {to, size};
  return true;
}

bool JsonWalker::Expect(char c, std::string_view expected) {
  if (Peek() != c) return FailHere(expected);
  ++at_;
  return true;
}

bool JsonWalker::Enter() {
  if (++depth_ > kJsonDepthMax) {
    return FailHere(StrCat("objects and arrays at most ", kJsonDepthMax, " deep"));
  }
  return true;
}

bool JsonWalker::Fail(ErrorKind kind, std::string message) {
  error_.kind = kind;
  error_.message = std::move(message);
  return false;
}

bool JsonWalker::FailMalformed(uint32_t byte, std::string_view expected) {
  return Fail(ErrorKind::kMalformed, MalformedJson(byte, expected));
}

bool JsonWalker::FailHere(std::string_view expected) {
  return FailMalformed((AtEnd() ? end_ : *at_) - begin_, expected);
}

bool JsonWalker::FailType(const JsonNode& node, std::string_view token) {
  return Fail(
      ErrorKind::kWrongType,
      WrongType(node.path, node.type, ExpectedForm(node.type->kind()), token, OffsetOf(token)));
}

}  // namespace ks::formats
