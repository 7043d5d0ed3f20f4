#include "spanner/result_stream.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <google/spanner/v1/result_set.pb.h>
#include <gtest/gtest.h>

#include <future>

#include "spanner/wire.h"

namespace ks::spanner {
namespace {

using google::protobuf::ListValue;
using google::protobuf::TextFormat;
using google::protobuf::Value;
using google::spanner::v1::PartialResultSet;
using ::testing::ElementsAre;

PartialResultSet Part(const std::string& text) {
  PartialResultSet part;
  EXPECT_TRUE(TextFormat::ParseFromString(text, &part)) << text;
  return part;
}
const char kTwoColumns[] = "metadata { row_type { fields { name: 'a' } fields { name: 'b' } } } ";

std::string Show(const Value& value) {
  if (value.kind_case() == Value::kStringValue) return value.string_value();
  if (value.kind_case() == Value::kNumberValue)
    return std::to_string(static_cast<int>(value.number_value()));
  std::string out = "[";
  for (const Value& element : value.list_value().values()) out += Show(element) + ",";
  return out + "]";
}
std::vector<std::string> Show(const std::vector<ListValue>& rows) {
  std::vector<std::string> out;
  for (const ListValue& row : rows) {
    std::string text;
    for (const Value& value : row.values()) text += Show(value) + ";";
    out.push_back(text);
  }
  return out;
}

TEST(RowAssembler, CutsTheListOfValuesIntoRows) {
  RowAssembler assembler;
  std::vector<ListValue> rows;
  ASSERT_TRUE(
      assembler.Add(Part(std::string(kTwoColumns) + "values { string_value: '1' }"), &rows).ok());
  EXPECT_FALSE(assembler.Finish().ok()) << "half a row";
  ASSERT_TRUE(assembler
                  .Add(Part("values { string_value: '2' } values { string_value: '3' } values { "
                            "string_value: '4' }"),
                       &rows)
                  .ok());
  EXPECT_TRUE(assembler.Finish().ok());
  EXPECT_THAT(Show(rows), ElementsAre("1;2;", "3;4;"));
}

TEST(RowAssembler, JoinsAStringOverThreeParts) {
  RowAssembler assembler;
  std::vector<ListValue> rows;
  ASSERT_TRUE(
      assembler
          .Add(
              Part(
                  std::string(kTwoColumns) +
                  "values { string_value: 'k' } values { string_value: 'ab' } chunked_value: true"),
              &rows)
          .ok());
  ASSERT_TRUE(assembler.Add(Part("values { string_value: 'cd' } chunked_value: true"), &rows).ok());
  EXPECT_TRUE(rows.empty());
  ASSERT_TRUE(assembler.Add(Part("values { string_value: 'ef' }"), &rows).ok());
  EXPECT_THAT(Show(rows), ElementsAre("k;abcdef;"));
}

// The example of PartialResultSet.chunked_value's documentation.
TEST(MergeChunk, JoinsListsAtTheirEnds) {
  Value whole, more;
  ASSERT_TRUE(
      TextFormat::ParseFromString("list_value { values { string_value: 'a' } values { list_value { "
                                  "values { string_value: 'b' } values { string_value: 'c' } } } }",
                                  &whole));
  ASSERT_TRUE(
      TextFormat::ParseFromString("list_value { values { list_value { values { string_value: 'd' } "
                                  "} } values { string_value: 'e' } }",
                                  &more));
  ASSERT_TRUE(MergeChunk(std::move(more), &whole).ok());
  EXPECT_EQ(Show(whole), "[a,[b,cd,],e,]");
}

TEST(MergeChunk, NumbersInAListAreNeverCut) {
  Value whole, more;
  ASSERT_TRUE(TextFormat::ParseFromString(
      "list_value { values { number_value: 2 } values { number_value: 3 } }", &whole));
  ASSERT_TRUE(TextFormat::ParseFromString("list_value { values { number_value: 4 } }", &more));
  ASSERT_TRUE(MergeChunk(std::move(more), &whole).ok());
  EXPECT_EQ(Show(whole), "[2,3,4,]");
}

// A stub that plays a script: each call to Stream gets the next part list and status.
class ScriptedStub : public Stub {
 public:
  struct Run {
    std::vector<PartialResultSet> parts;
    absl::Status status;
  };
  explicit ScriptedStub(std::vector<Run> runs) : runs_(std::move(runs)) {}
  void Unary(Method, CallOptions, const grpc::ByteBuffer&, UnaryDone done) override {
    done(absl::UnimplementedError("not scripted"), {});
  }
  void Stream(Method, CallOptions, const grpc::ByteBuffer&, StreamMessage on_message,
              StreamDone done) override {
    const Run run = runs_.at(next_++);
    for (const PartialResultSet& part : run.parts) {
      if (!on_message(ToBuffer(part))) return done(absl::CancelledError());
    }
    done(run.status);
  }

 private:
  const std::vector<Run> runs_;
  size_t next_ = 0;
};

struct Outcome {
  std::vector<std::string> rows;
  std::vector<std::string> tokens;
  absl::Status status;
};

Outcome Play(std::vector<ScriptedStub::Run> runs) {
  auto outcome = std::make_shared<Outcome>();
  auto finished = std::make_shared<std::promise<void>>();
  RowConsumer consumer;
  consumer.rows = [outcome](std::vector<ListValue> rows) {
    for (auto& text : Show(rows)) outcome->rows.push_back(text);
    return true;
  };
  consumer.done = [outcome, finished](absl::Status status) {
    outcome->status = std::move(status);
    finished->set_value();
  };
  StreamRows(
      std::make_shared<ScriptedStub>(std::move(runs)), Method::kStreamingRead, {},
      [outcome](const std::string& token) {
        outcome->tokens.push_back(token);
        return std::string();
      },
      true, env::RealClock(), env::RealRandom(), consumer);
  EXPECT_EQ(finished->get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  return *outcome;
}

// Taken away (no Restart, or rows kept): rows after the last token come twice.
TEST(StreamRows, ResumesWithoutLossOrDuplicate) {
  const auto outcome = Play({
      {{Part(std::string(kTwoColumns) +
             "values { string_value: '1' } values { string_value: '2' } resume_token: 'one'"),
        Part("values { string_value: '3' } values { string_value: '4' } values { string_value: '5' "
             "}")},
       absl::UnavailableError("gone")},
      {{Part(std::string(kTwoColumns) +
             "values { string_value: '3' } values { string_value: '4' }"),
        Part("values { string_value: '5' } values { string_value: '6' } resume_token: 'two'")},
       absl::OkStatus()},
  });
  EXPECT_TRUE(outcome.status.ok()) << outcome.status;
  EXPECT_THAT(outcome.rows, ElementsAre("1;2;", "3;4;", "5;6;"));
  EXPECT_THAT(outcome.tokens, ElementsAre("", "one"));
}

TEST(StreamRows, OtherErrorsEndIt) {
  const auto outcome = Play({{{}, absl::InvalidArgumentError("no such column")}});
  EXPECT_EQ(outcome.status, absl::InvalidArgumentError("no such column"));
}

}  // namespace
}  // namespace ks::spanner
