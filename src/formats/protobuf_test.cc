// Protobuf against Google's own reader, from random messages; and what a schema may be given as.
// The types that columns become: tests/pipelines/protobuf_*.
#include "formats/protobuf.h"

#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "base/str_cat.h"
#include "formats/testing/protobuf_judge.h"

namespace ks::formats {
namespace {

namespace pb = google::protobuf;
using sql::Datum;
using sql::Type;
using testing::HasSubstr;

constexpr char kSchema[] = R"(
syntax = "proto3";
package t;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
enum E { A = 0; B = 1; C = -3; }
message M {
  bool b = 1; int32 i32 = 2; sint32 s32 = 3; uint32 u32 = 4; fixed32 f32 = 5; sfixed32 sf32 = 6;
  int64 i64 = 7; sint64 s64 = 8; uint64 u64 = 9; fixed64 f64 = 10; sfixed64 sf64 = 11;
  float f = 12; double d = 13; string s = 14; bytes y = 15; E e = 16;
  optional int64 o = 17; optional string os = 18; optional M om = 19;
  repeated sint64 packed = 20; repeated fixed32 unpacked = 21 [packed = false];
  repeated string names = 22; repeated M ms = 23; repeated E es = 24;
  map<string, int64> m = 25; map<sint32, M> mm = 26; map<bool, E> mb = 27;
  oneof choice { string text = 28; M inner = 29; int64 number = 30; bool flag = 1000; }
  google.protobuf.Timestamp ts = 31; google.protobuf.Duration dur = 32;
  google.protobuf.Int64Value w64 = 33; google.protobuf.StringValue ws = 34;
  google.protobuf.BoolValue wb = 35; google.protobuf.FloatValue wf = 36;
  google.protobuf.Struct st = 37; google.protobuf.Value v = 38; google.protobuf.ListValue lv = 39;
  google.protobuf.Any any = 40; repeated google.protobuf.Timestamp times = 41;
}
)";

class RandomMessages {
 public:
  // `maps`: with entries of maps, of which each has one at most: which of equal keys a dynamic
  // message keeps is not certain.
  RandomMessages(uint64_t seed, bool maps) : random_(seed), maps_(maps) {}

  void Fill(pb::Message* message, int depth) {
    const pb::Descriptor& type = *message->GetDescriptor();
    const std::string& name = type.full_name();
    if (name == "google.protobuf.Timestamp") return SetTwo(message, -62135596800, 253402300799);
    if (name == "google.protobuf.Duration") return SetTwo(message, 0, 315576000000);
    if (name == "google.protobuf.Any") return FillAny(message);
    if (name == "google.protobuf.Value") {
      const auto* kind = type.field(static_cast<int>(Below(depth > 3 ? 4 : 6)));
      return Set(message, kind, depth);
    }
    for (int i = 0; i < type.field_count(); ++i) {
      const auto* field = type.field(i);
      // A Value without a kind has no JSON, so an entry has both its parts.
      if (type.options().map_entry()) {
        Set(message, field, depth);
        continue;
      }
      const bool nested = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
      if (Below(nested && depth > 0 ? 8 : 2) != 0 || (nested && depth > 3)) continue;
      uint64_t n = field->is_repeated() ? Below(4) : 1;
      if (field->is_map()) n = maps_ ? 1 : 0;
      for (; n > 0; --n) Set(message, field, depth);
    }
  }

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }

  // Of any size, often at a border.
  uint64_t Bits() {
    const uint64_t borders[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 63, ~0ULL};
    return Below(3) == 0 ? borders[Below(std::size(borders))] : random_() >> Below(64);
  }

  std::string Text() {
    const char* const texts[] = {"", "a", "é", "\"\\\n", "日本", "{}", "null", "\x01"};
    return texts[Below(std::size(texts))];
  }

  double Number() {
    const double numbers[] = {
        0.0,   -0.0,   0.1,           -1.5,
        1e300, 5e-324, 123456789.125, std::numeric_limits<double>::infinity()};
    return numbers[Below(std::size(numbers))];
  }

  // Such as both write with the same digits.
  float Float() {
    const float numbers[] = {0.0f, 0.1f, -1.5f, 1e30f, std::numeric_limits<float>::infinity()};
    return numbers[Below(std::size(numbers))];
  }

  void SetTwo(pb::Message* message, int64_t min, int64_t max) {
    const auto range = static_cast<uint64_t>(max - min) + 1;
    const auto* type = message->GetDescriptor();
    message->GetReflection()->SetInt64(message, type->field(0),
                                       min + static_cast<int64_t>(random_() % range));
    const int nanos[] = {0, 1, 999999999, 500000000, 123000, 120000};
    message->GetReflection()->SetInt32(message, type->field(1), nanos[Below(std::size(nanos))]);
  }

  void FillAny(pb::Message* message) {
    const auto* type = message->GetDescriptor();
    pb::Timestamp time;
    time.set_seconds(1 + static_cast<int64_t>(Below(1000)));  // Google's JSON leaves out 0
    const bool own = Below(2) == 0;
    const auto* reflection = message->GetReflection();
    reflection->SetString(
        message, type->field(0),
        own ? "type.googleapis.com/t.M" : "type.googleapis.com/google.protobuf.Timestamp");
    // As a message: i32 = 5.
    reflection->SetString(message, type->field(1), own ? "\x10\x05" : time.SerializeAsString());
  }

  void Set(pb::Message* message, const pb::FieldDescriptor* field, int depth) {
    const pb::Reflection& to = *message->GetReflection();
    const bool many = field->is_repeated();
    const auto put = [&](auto set, auto add, auto value) {
      if (many) {
        (to.*add)(message, field, value);
      } else {
        (to.*set)(message, field, value);
      }
    };
    using R = pb::Reflection;
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return put(&R::SetBool, &R::AddBool, Below(2) == 0);
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return put(&R::SetInt32, &R::AddInt32, static_cast<int32_t>(Bits()));
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return put(&R::SetUInt32, &R::AddUInt32, static_cast<uint32_t>(Bits()));
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return put(&R::SetInt64, &R::AddInt64, static_cast<int64_t>(Bits()));
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return put(&R::SetUInt64, &R::AddUInt64, Bits());
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return put(&R::SetFloat, &R::AddFloat, Float());
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return put(
            &R::SetDouble, &R::AddDouble,
            message->GetDescriptor()->full_name() == "google.protobuf.Value" ? 1.5 : Number());
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        const int numbers[] = {0, 1, -3, 77};
        const bool null = field->enum_type()->full_name() == "google.protobuf.NullValue";
        return put(&R::SetEnumValue, &R::AddEnumValue, null ? 0 : numbers[Below(4)]);
      }
      case pb::FieldDescriptor::CPPTYPE_STRING: {
        const bool bytes = field->type() == pb::FieldDescriptor::TYPE_BYTES;
        const std::string value = bytes ? std::string("\0\xff\x80", Below(4)) : Text();
        return many ? to.AddString(message, field, value) : to.SetString(message, field, value);
      }
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(many ? to.AddMessage(message, field) : to.MutableMessage(message, field),
                    depth + 1);
    }
  }

  std::mt19937_64 random_;
  const bool maps_;
};

// Decodes one message whose columns all are JSON; what it holds as one object, or its error.
std::string DecodeAsJson(Decoder& decoder, std::string_view bytes) {
  sql::Arena arena;
  const std::vector<std::string_view> messages = {bytes};
  const std::vector<uint32_t> rows = {0};
  std::vector<Datum> values(decoder.schema().size(), Datum::Null());
  std::vector<Datum*> columns;
  for (Datum& value : values) columns.push_back(&value);
  DecodeResult result;
  decoder.Decode({messages, rows}, arena, columns, &result);
  if (!result.errors.empty()) return result.errors[0].message;
  std::string text = "{";
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].null()) continue;
    StrAppend(&text, text.size() > 1 ? "," : "", "\"", decoder.schema()[i].name,
              "\":", values[i].str());
  }
  return text + "}";
}

// Without the members that are null: as columns they are NULL.
std::string WithoutNulls(std::string_view text) {
  auto object = nlohmann::json::parse(text);
  for (auto member = object.begin(); member != object.end();)
    member = member->is_null() ? object.erase(member) : std::next(member);
  return object.dump();
}

TEST(Protobuf, ReadsWhatGooglesReaderReads) {
  const auto schema = ProtobufSchema::FromText(kSchema);
  ASSERT_TRUE(schema.ok()) << schema.status();
  const auto* type = schema->Message("t.M").value();
  Schema columns = ProtobufColumns(*type);
  for (Field& column : columns) column = {column.name, Type::Json()};
  const auto decoder = MakeProtobufDecoder(columns, *schema, "").value();
  const ProtobufJudge judge(*type);
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    const auto message = judge.New();
    RandomMessages(seed, true).Fill(message.get(), 0);
    // Half of the messages are two in one, which merges them.
    std::string bytes = message->SerializeAsString();
    if (seed % 2 == 0) {
      const auto other = judge.New();
      RandomMessages(seed + 1000000, false).Fill(other.get(), 0);
      bytes += other->SerializeAsString();
    }
    const auto expected = judge.Json(bytes);
    ASSERT_TRUE(expected.has_value()) << "seed " << seed;
    const std::string actual = DecodeAsJson(*decoder, bytes);
    ASSERT_TRUE(ComparableJson(actual) == WithoutNulls(*expected))
        << "seed " << seed << "\nours:     " << actual << "\nGoogle's: " << *expected
        << "\nbytes:    " << absl::BytesToHexString(bytes);
  }
}

TEST(Protobuf, ADescriptorSetSaysTheSameAsItsText) {
  const auto text = ProtobufSchema::FromText(
      "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\";"
      "message A { google.protobuf.Timestamp at = 1; int32 n = 2; }");
  ASSERT_TRUE(text.ok()) << text.status();
  pb::FileDescriptorSet set;
  text->file()->CopyTo(set.add_file());  // protoc without --include_imports
  const auto schema = ProtobufSchema::FromDescriptorSet(set.SerializeAsString());
  ASSERT_TRUE(schema.ok()) << schema.status();
  const Schema columns = ProtobufColumns(*schema->Message("A").value());
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[0].type, Type::Timestamp());
  EXPECT_FALSE(columns[0].not_null);
  EXPECT_EQ(columns[1].type, Type::Int64());
  EXPECT_TRUE(columns[1].not_null);
}

std::string ErrorOf(std::string_view text) {
  const auto schema = ProtobufSchema::FromText(text);
  if (!schema.ok()) return std::string(schema.status().message());
  return std::string(schema->Message("").status().message());
}

TEST(Protobuf, WrongSchemasSayWhatIsWrong) {
  EXPECT_THAT(ErrorOf("message A {"), HasSubstr("line 1"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("neither .proto text nor"));
  EXPECT_THAT(ErrorOf("import \"x.proto\"; message A { optional B b = 1; }"),
              HasSubstr("\"B\" is not defined.; it imports `x.proto`, which is nowhere"));
  EXPECT_THAT(ErrorOf("message A {} message B {}"), HasSubstr("`message:` may be A, B"));
  const std::vector<std::pair<std::string, std::string>> circle = {
      {"a", "import \"b\"; message A {}"}, {"b", "import \"a\"; message B {}"}};
  EXPECT_THAT(ProtobufSchema::FromText("import \"a\"; message C {}", circle).status().message(),
              HasSubstr("imports itself"));
  EXPECT_FALSE(ProtobufSchema::FromDescriptorSet("no set").ok());
}

// Somebody's own google.protobuf.Timestamp has other fields: it is a message as any other.
TEST(Protobuf, AForeignFileOfAKnownNameIsNoKnownType) {
  const auto schema = ProtobufSchema::FromText(
      "syntax = \"proto3\"; package google.protobuf; message Int64Value { }"
      "message A { Int64Value v = 1; }");
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(ProtobufColumns(*schema->Message("google.protobuf.A").value())[0].type, Type::Json());
}

}  // namespace
}  // namespace ks::formats
