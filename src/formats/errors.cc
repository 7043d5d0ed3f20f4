#include "formats/errors.h"

#include "base/str_cat.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

// The start of a token, cut at a character's border.
std::string Excerpt(std::string_view token) {
  if (token.size() <= kErrorExcerptBytes) return std::string(token);
  size_t size = kErrorExcerptBytes;
  while (size > 0 && (static_cast<unsigned char>(token[size]) & 0xc0) == 0x80) --size;
  return StrCat(token.substr(0, size), "…");
}

}  // namespace

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMalformed:
      return "malformed";
    case ErrorKind::kMissingField:
      return "missing_field";
    case ErrorKind::kDuplicateField:
      return "duplicate_field";
    case ErrorKind::kWrongType:
      return "wrong_type";
    case ErrorKind::kOutOfRange:
      return "out_of_range";
    case ErrorKind::kSchemaChanged:
      return "schema_changed";
    case ErrorKind::kNoSchema:
      return "no_schema";
  }
  return "malformed";
}

std::string MalformedJson(size_t byte, std::string_view expected) {
  return StrCat("malformed JSON at byte ", byte, ": expected ", expected);
}

std::string EmptyMessage() { return "malformed JSON at byte 0: the message is empty"; }

std::string MissingField(std::string_view path) {
  return StrCat("field `", path, "` is missing, and the schema says NOT NULL");
}

std::string NullField(std::string_view path) {
  return StrCat("field `", path, "` is null, and the schema says NOT NULL");
}

std::string DuplicateField(std::string_view path, size_t byte) {
  return StrCat("field `", path, "` stands a second time at byte ", byte);
}

std::string WrongType(std::string_view path, sql::TypeRef type, std::string_view expected,
                      std::string_view found, size_t byte) {
  return StrCat("field `", path, "`: expected ", expected, " for ", type->ToString(), ", found ",
                Excerpt(found), " at byte ", byte);
}

std::string NotExact(std::string_view path, sql::TypeRef type, std::string_view found,
                     size_t byte) {
  return StrCat("field `", path, "`: ", Excerpt(found), " at byte ", byte, " is no value of ",
                type->ToString());
}

std::string WrongLength(std::string_view path, sql::TypeRef type, std::string_view expected,
                        size_t found) {
  return StrCat("field `", path, "`: expected ", expected, " for ", type->ToString(), ", found ",
                found);
}

std::string InvalidUtf8(std::string_view path, size_t byte) {
  return StrCat("field `", path, "`: not valid UTF-8 at byte ", byte);
}

std::string LeftOut(std::string_view path) {
  return StrCat("field `", path,
                "`: the connector left the value out, since it did not change; ALTER TABLE … "
                "REPLICA IDENTITY FULL makes it send all");
}

std::string WrongCsv(std::string_view what, size_t byte) {
  return StrCat("malformed CSV at byte ", byte, ": ", what);
}

std::string WrongCsvCount(size_t expected, size_t found) {
  return StrCat("malformed CSV: expected ", expected, " values, as `schema:` has fields, found ",
                found);
}

std::string WrongHeader(std::string_view name, sql::TypeRef type, std::string_view found) {
  return StrCat("header `", name, "`: ", Excerpt(found), " is no value of ", type->ToString());
}

std::string NoCloudEvent() {
  return "no CloudEvent: neither the content type application/cloudevents+json nor a header "
         "`ce_specversion`";
}

std::string InPart(std::string_view part, std::string_view message) {
  return StrCat("in `", part, "`: ", message);
}

std::string FieldLeftSchema(std::string_view path) {
  return StrCat("the schema has no field `", path, "`, and the pipeline says NOT NULL");
}

std::string SchemaAgainstType(std::string_view path, std::string_view found, sql::TypeRef type) {
  return StrCat("the schema says that field `", path, "` is ", found, ", which is no ",
                type->ToString());
}

std::string SourceTruncated() {
  return "the source emptied its table (TRUNCATE); nothing was deleted here: delete the rows by "
         "hand, or set `on_error: skip` if they are to stay";
}

std::string NoChangeEvent(std::string_view op) {
  if (op.empty()) return "no change event: it has no `op`";
  return StrCat("no change event: `op` is ", Excerpt(op), ", expected c, u, d, r, t or m");
}

std::string MalformedAvro(std::string_view path, size_t byte, std::string_view what) {
  return StrCat("malformed Avro at byte ", byte, ", in field `", path, "`: ", what);
}

std::string AvroBytesLeft(size_t byte, size_t left) {
  return StrCat("malformed Avro: ", left, " bytes are left behind the record at byte ", byte,
                "; was it written with another schema?");
}

std::string NoValueOf(std::string_view path, sql::TypeRef type, std::string_view found,
                      size_t byte) {
  return StrCat("field `", path, "`: the ", found, " at byte ", byte, " is no value of ",
                type->ToString());
}

absl::Status BadAvroSchema(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("the Avro schema cannot be read: ", what));
}

absl::Status BadProtobufSchema(std::string_view what) {
  return absl::InvalidArgumentError(StrCat("the Protobuf schema cannot be read: ", what));
}

absl::Status WhichMessage(std::string_view name, const std::vector<std::string>& there) {
  std::string text = name.empty() ? std::string("the schema has several messages")
                                  : StrCat("the schema has no message ", name);
  for (size_t i = 0; i < there.size(); ++i)
    StrAppend(&text, i == 0 ? "; `message:` may be " : ", ", there[i]);
  return absl::InvalidArgumentError(text);
}

absl::Status OtherMessage(std::string_view found, std::string_view expected) {
  return absl::InvalidArgumentError(
      StrCat("the record is a ", found, ", and the pipeline reads ", expected));
}

std::string NoMessageIndexes() {
  return "not written by a schema registry's Protobuf serializer: the place of the message's type "
         "does not follow the number of its schema";
}

std::string MalformedProtobuf(std::string_view path, size_t byte, std::string_view what) {
  return StrCat("malformed Protobuf at byte ", byte,
                path.empty() ? std::string() : StrCat(", in field `", path, "`"), ": ", what);
}

std::string WrongWireType(std::string_view path, std::string_view type, int found, size_t byte) {
  return StrCat("field `", path, "`: the value at byte ", byte, " is of wire type ", found,
                ", which is no ", type, "; was it written with another schema?");
}

std::string NoEnumValue(std::string_view path, int64_t number, size_t byte) {
  return StrCat("field `", path, "`: the enum has no name for ", number, " at byte ", byte,
                "; declare the field INT64 to keep numbers");
}

std::string NoMessageType(std::string_view path, std::string_view name, size_t byte) {
  return StrCat("field `", path, "`: the Any at byte ", byte, " holds a ", Excerpt(name),
                ", which the schema does not have");
}

std::string NoFrame() {
  return "not written by a schema registry's serializer: it does not begin with a zero byte and "
         "the number of a schema";
}

std::string OfSchema(int32_t id, std::string_view message) {
  return StrCat("schema ", id, ": ", message);
}

std::string OtherSchemaType(std::string_view type) { return StrCat("it is of type ", type); }

std::string NoSuchSchema(std::string_view what) {
  return StrCat("the schema registry has no schema ", what);
}

absl::Status RegistryUnreachable(std::string_view url, std::string_view reason) {
  return absl::UnavailableError(
      StrCat("the schema registry at ", url, " gives no schemas: ", reason,
             "; start the pipeline again when it does, and it goes on from here"));
}

absl::Status RegistryRefused(std::string_view url, std::string_view reason) {
  return absl::UnauthenticatedError(
      StrCat("the schema registry at ", url, " refuses us: ", reason,
             ". Check `username` and `password`, `token`, `oauth` or `certificate` under "
             "`registry:`, and that this identity may read the subject there"));
}

absl::Status RegistryAnswer(std::string_view url, std::string_view what) {
  return absl::FailedPreconditionError(StrCat("the schema registry at ", url,
                                              " answered with something else than a schema: ", what,
                                              "; is the URL that of a Confluent-compatible API?"));
}

absl::Status UnsupportedType(std::string_view format, std::string_view field, sql::TypeRef type) {
  return absl::InvalidArgumentError(
      StrCat("field `", field, "`: ", type->ToString(), " cannot be read from ", format));
}

}  // namespace ks::formats
