// Every error of this module that somebody outside reads, one function each.
//
// Record errors end up in `kafka_spanner.DeadLetters.Reason` and in logs: they say which field,
// what was expected, what was found, and at which byte of the message (from 0).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "formats/decoder.h"
#include "sql/types/type.h"

namespace ks::formats {

std::string MalformedJson(size_t byte, std::string_view expected);
std::string EmptyMessage();
std::string MissingField(std::string_view path);
std::string NullField(std::string_view path);
std::string DuplicateField(std::string_view path, size_t byte);
// `found` is the raw token.
std::string WrongType(std::string_view path, sql::TypeRef type, std::string_view expected,
                      std::string_view found, size_t byte);
std::string NotExact(std::string_view path, sql::TypeRef type, std::string_view found, size_t byte);
std::string WrongLength(std::string_view path, sql::TypeRef type, std::string_view expected,
                        size_t found);
std::string InvalidUtf8(std::string_view path, size_t byte);

std::string LeftOut(std::string_view path);
std::string WrongCsv(std::string_view what, size_t byte);
std::string WrongCsvCount(size_t expected, size_t found);
std::string WrongHeader(std::string_view name, sql::TypeRef type, std::string_view found);
std::string NoCloudEvent();
// A record's schema against the pipeline's columns.
std::string FieldLeftSchema(std::string_view path);
std::string SchemaAgainstType(std::string_view path, std::string_view found, sql::TypeRef type);
std::string MalformedAvro(std::string_view path, size_t byte, std::string_view what);
std::string AvroBytesLeft(size_t byte, size_t left);
// A value that the type has no equal for; `found` is the form it was written in.
std::string NoValueOf(std::string_view path, sql::TypeRef type, std::string_view found,
                      size_t byte);
std::string NoFrame();
std::string OfSchema(int32_t id, std::string_view message);
std::string OtherSchemaType(std::string_view type);
std::string NoSuchSchema(std::string_view what);
absl::Status RegistryUnreachable(std::string_view url, std::string_view reason);
// It does not let us in: UNAUTHENTICATED.
absl::Status RegistryRefused(std::string_view url, std::string_view reason);
absl::Status RegistryAnswer(std::string_view url, std::string_view what);
absl::Status BadAvroSchema(std::string_view what);
absl::Status BadProtobufSchema(std::string_view what);
// No message of that name, or, without one, not one but several.
absl::Status WhichMessage(std::string_view name, const std::vector<std::string>& there);
absl::Status OtherMessage(std::string_view found, std::string_view expected);
std::string NoMessageIndexes();
std::string MalformedProtobuf(std::string_view path, size_t byte, std::string_view what);
std::string WrongWireType(std::string_view path, std::string_view type, int found, size_t byte);
std::string NoEnumValue(std::string_view path, int64_t number, size_t byte);
// Of an Any.
std::string NoMessageType(std::string_view path, std::string_view name, size_t byte);
std::string SourceTruncated();
std::string NoChangeEvent(std::string_view op);
// An error inside a message inside a message.
std::string InPart(std::string_view part, std::string_view message);

// Errors of a schema, INVALID_ARGUMENT.
absl::Status UnsupportedType(std::string_view format, std::string_view field, sql::TypeRef type);

}  // namespace ks::formats
