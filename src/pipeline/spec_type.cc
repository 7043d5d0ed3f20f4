// The types of a schema: a small recursive reader over the text.
#include <cctype>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/nearest_name.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/spec.h"

namespace ks::pipeline {
namespace {

using sql::Type;
using sql::TypeRef;

class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }

  absl::StatusOr<formats::Field> Field() {
    formats::Field field;
    KS_ASSIGN_OR_RETURN(field.type, ReadType(0));
    if (const std::string_view word = Word(); !word.empty()) {
      const size_t start = at_;
      at_ += word.size();
      if (!Equal(word, "NOT")) return Fail(start, "`NOT NULL` or nothing more");
      SkipSpace();
      const std::string_view null = Word();
      if (!Equal(null, "NULL")) return Fail(at_, "`NULL` after `NOT`");
      at_ += null.size();
      field.not_null = true;
    }
    SkipSpace();
    if (at_ != text_.size()) return Fail(at_, "`NOT NULL` or nothing more");
    field.length = length_;
    return field;
  }

 private:
  static bool Equal(std::string_view a, std::string_view b) {
    return absl::EqualsIgnoreCase(AbslView(a), AbslView(b));
  }

  absl::Status Fail(size_t at, std::string_view expected) {
    at_ = at;
    return absl::InvalidArgumentError(StrCat("expected ", expected));
  }

  void SkipSpace() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  std::string_view Word() {
    SkipSpace();
    size_t end = at_;
    while (end < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '_'))
      ++end;
    return text_.substr(at_, end - at_);
  }

  // As it is, or in backquotes where it is no word.
  absl::StatusOr<std::string_view> FieldName() {
    std::string_view name = Word();
    at_ += name.size();
    if (name.empty() && Take('`')) {
      const size_t end = text_.find('`', at_);
      if (end == std::string_view::npos) return Fail(at_, "a name that ends with `");
      name = text_.substr(at_, end - at_);
      at_ = end + 1;
    }
    if (name.empty()) return Fail(at_, "a field's name");
    return name;
  }

  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  absl::StatusOr<TypeRef> ReadType(size_t depth) {
    const std::string_view name = Word();
    const size_t start = at_;
    if (name.empty()) return Fail(at_, "a type such as STRING, INT64, TIMESTAMP or ARRAY<STRING>");
    if (depth > kTypeDepthMax) return Fail(at_, "types that are less deeply nested");
    at_ += name.size();
    if (Equal(name, "ARRAY")) return ReadArray(depth);
    if (Equal(name, "STRUCT")) return ReadStruct(depth);
    const TypeRef type = Type::FromName(name);
    if (type == nullptr) return Unknown(name, start);
    if (Take('(')) {
      const std::string_view length = Word();
      const bool number =
          !length.empty() && length.find_first_not_of("0123456789") == std::string_view::npos;
      if (!number && !Equal(length, "MAX")) return Fail(at_, "a length or MAX");
      at_ += length.size();
      if (!absl::SimpleAtoi(AbslView(length), &length_)) length_ = formats::kLengthMax;
      if (!Take(')')) return Fail(at_, "`)`");
    }
    return type;
  }

  absl::Status Unknown(std::string_view name, size_t start) {
    const std::string nearest =
        NearestName(name, {"BOOL", "INT64", "FLOAT32", "FLOAT64", "NUMERIC", "STRING", "BYTES",
                           "DATE", "TIMESTAMP", "JSON", "UUID", "ARRAY", "STRUCT"});
    if (!nearest.empty())
      return Fail(start, StrCat("a GoogleSQL type; did you mean ", nearest, "?"));
    return Fail(start,
                "a GoogleSQL type such as STRING, INT64, FLOAT64, NUMERIC, TIMESTAMP, JSON or "
                "ARRAY<STRING>");
  }

  absl::StatusOr<TypeRef> ReadArray(size_t depth) {
    if (!Take('<')) return Fail(at_, "`<` after ARRAY");
    SkipSpace();
    const size_t start = at_;
    KS_ASSIGN_OR_RETURN(const TypeRef element, ReadType(depth + 1));
    if (element->is_array())
      return Fail(start, "another type than ARRAY: Spanner has no arrays of arrays");
    if (!Take('>')) return Fail(at_, "`>` after the element's type");
    return Type::Array(element);
  }

  absl::StatusOr<TypeRef> ReadStruct(size_t depth) {
    if (!Take('<')) return Fail(at_, "`<` after STRUCT");
    std::vector<sql::StructField> fields;
    do {
      KS_ASSIGN_OR_RETURN(const std::string_view name, FieldName());
      KS_ASSIGN_OR_RETURN(const TypeRef type, ReadType(depth + 1));
      fields.push_back({std::string(name), type});
    } while (Take(','));
    if (!Take('>')) return Fail(at_, "`,` or `>` after a field");
    return Type::Struct(std::move(fields));
  }

  const std::string_view text_;
  size_t at_ = 0;
  int64_t length_ = 0;  // the last that was read
};

}  // namespace

absl::StatusOr<formats::Field> ParseFieldType(std::string_view text, size_t* error_offset) {
  TypeReader reader(text);
  auto field = reader.Field();
  if (!field.ok()) *error_offset = reader.at();
  return field;
}

}  // namespace ks::pipeline
