// Any bytes given to the Protobuf decoder end in values or in one error of that record, without
// reading past the message; and what it reads, Google's own reader reads as the same. Any text
// given as a schema ends in a schema or an error.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/str_cat.h"
#include "formats/protobuf.h"
#include "formats/testing/protobuf_judge.h"
#include "sql/types/arena.h"

using namespace ks;

namespace {

constexpr char kSchema[] = R"(syntax = "proto3";
import "google/protobuf/duration.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Node {
  int32 i = 1; string s = 2; sint64 z = 3; fixed32 f = 4; double d = 5; bytes y = 6;
  repeated uint64 packed = 7; repeated string names = 8; Node child = 9; repeated Node kids = 10;
  oneof choice { int64 a = 11; string b = 12; Node c = 13; }
  google.protobuf.Timestamp ts = 14; google.protobuf.Duration dur = 15;
  google.protobuf.Int64Value w = 16; optional bool o = 17;
})";

// The whole message as one JSON column, and each field by itself.
struct Subject {
  formats::ProtobufSchema schema =
      formats::ProtobufSchema::FromText(StrCat(kSchema, " message Whole { Node node = 1; }"))
          .value();
  const google::protobuf::Descriptor* type = schema.Message("Node").value();
  formats::ProtobufJudge judge{*type};
  std::unique_ptr<formats::Decoder> whole =
      formats::MakeProtobufDecoder({{"node", sql::Type::Json()}}, schema, "Whole").value();
  std::unique_ptr<formats::Decoder> fields =
      formats::MakeProtobufDecoder(formats::ProtobufColumns(*type), schema, "Node").value();
};

bool Decode(formats::Decoder& decoder, std::string_view text, sql::Arena& arena,
            std::vector<sql::Datum>* values) {
  const std::vector<std::string_view> messages = {text};
  const std::vector<uint32_t> rows = {0};
  values->assign(decoder.schema().size(), sql::Datum::Null());
  std::vector<sql::Datum*> columns;
  for (sql::Datum& value : *values) columns.push_back(&value);
  formats::DecodeResult result;
  decoder.Decode({messages, rows}, arena, columns, &result);
  if (result.errors.size() > 1) std::abort();
  return result.errors.empty();
}

std::string Framed(std::string_view body) {
  std::string message = "\n";
  size_t size = body.size();
  for (; size >= 0x80; size >>= 7) message.push_back(static_cast<char>(size | 0x80));
  message.push_back(static_cast<char>(size));
  return message.append(body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static auto* const subject = new Subject;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.starts_with("syntax") || text.starts_with("message")) {
    const auto schema = formats::ProtobufSchema::FromText(text);
    if (!schema.ok()) return 0;
    const auto message = schema->Message("");
    if (message.ok()) (void)formats::ProtobufColumns(**message);
    return 0;
  }
  sql::Arena arena;
  std::vector<sql::Datum> values;
  (void)Decode(*subject->fields, text, arena, &values);
  const std::string framed = Framed(text);
  if (!Decode(*subject->whole, framed, arena, &values)) return 0;
  const auto expected = subject->judge.Json(text);
  if (!expected.has_value()) return 0;  // a Duration without JSON, say
  const std::string actual = formats::ComparableJson(values[0].str());
  if (actual == *expected) return 0;
  std::fprintf(stderr, "ours:     %s\nGoogle's: %s\n", actual.c_str(), expected->c_str());
  std::abort();
}
