#include "local/spanner/server/result_sink.h"

#include <string>
#include <vector>

#include "google/spanner/v1/result_set.pb.h"
#include "gtest/gtest.h"
#include "local/spanner/server/buffering_writer.h"
#include "sql/types/value.h"

namespace ks::local {
namespace {

namespace pb = google::spanner::v1;
using google::protobuf::Value;
using sql::Type;

// Joins chunks as the documentation of PartialResultSet.chunked_value says.
void Join(const Value& next, Value* value) {
  if (value->has_string_value()) {
    ASSERT_TRUE(next.has_string_value());
    value->set_string_value(value->string_value() + next.string_value());
    return;
  }
  ASSERT_TRUE(value->has_list_value() && next.has_list_value());
  auto* list = value->mutable_list_value();
  int from = 0;
  if (list->values_size() > 0 && next.list_value().values_size() > 0) {
    Value* last = list->mutable_values(list->values_size() - 1);
    const Value& first = next.list_value().values(0);
    const bool joined = (last->has_string_value() && first.has_string_value()) ||
                        (last->has_list_value() && first.has_list_value());
    if (joined) {
      Join(first, last);
      from = 1;
    }
  }
  for (int i = from; i < next.list_value().values_size(); ++i) {
    *list->add_values() = next.list_value().values(i);
  }
}

struct Stream {
  std::vector<pb::PartialResultSet> parts;
  std::vector<Value> values;  // joined
};

Stream Parse(const std::vector<std::string>& messages) {
  Stream stream;
  bool open = false;
  for (const std::string& message : messages) {
    pb::PartialResultSet part;
    EXPECT_TRUE(part.ParseFromString(message));
    for (int i = 0; i < part.values_size(); ++i) {
      if (open && i == 0) {
        Join(part.values(0), &stream.values.back());
      } else {
        stream.values.push_back(part.values(i));
      }
    }
    open = part.chunked_value();
    stream.parts.push_back(std::move(part));
  }
  EXPECT_FALSE(open);
  return stream;
}

class StreamSinkTest : public testing::Test {
 protected:
  Stream Send(const std::vector<sql::TypeRef>& types,
              const std::vector<std::vector<sql::Value>>& rows, StreamSink::Options options) {
    BufferingWriter writer;
    StreamSink sink(writer, options);
    EXPECT_TRUE(sink.Begin(pb::ResultSetMetadata().SerializeAsString(), types).ok());
    for (const auto& row : rows) {
      sql::RowBatch batch;
      batch.rows = 1;
      for (const sql::Value& value : row) batch.columns.push_back(&value.datum());
      EXPECT_TRUE(sink.Rows(batch).ok());
    }
    EXPECT_TRUE(sink.End({}).ok());
    return Parse(writer.Take());
  }
};

TEST_F(StreamSinkTest, SmallAnswersAreOneMessage) {
  const Stream stream = Send({Type::Int64()}, {{sql::Value::Int64(1)}, {sql::Value::Int64(2)}}, {});
  ASSERT_EQ(stream.parts.size(), 1u);
  EXPECT_TRUE(stream.parts[0].last());
  EXPECT_TRUE(stream.parts[0].resume_token().empty());
  EXPECT_EQ(stream.values.size(), 2u);
}

TEST_F(StreamSinkTest, NoRowsStillGiveMetadata) {
  EXPECT_EQ(Send({Type::Int64()}, {}, {}).parts.size(), 1u);
}

TEST_F(StreamSinkTest, LongTextIsCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "é\U0001F600x";
  StreamSink::Options options;
  options.message_bytes = 10;
  const Stream stream = Send({Type::Int64(), Type::String()},
                             {{sql::Value::Int64(7), sql::Value::String(text)}}, options);
  EXPECT_GT(stream.parts.size(), 50u);
  ASSERT_EQ(stream.values.size(), 2u);
  EXPECT_EQ(stream.values[0].string_value(), "7");
  EXPECT_EQ(stream.values[1].string_value(), text);
}

TEST_F(StreamSinkTest, LongListsAreCutBetweenElements) {
  std::vector<sql::Value> elements;
  for (int i = 0; i < 60; ++i) {
    elements.push_back(i % 5 == 3 ? sql::Value::Null(Type::String())
                                  : sql::Value::String(std::string(i % 7, 'a' + i % 26)));
  }
  StreamSink::Options options;
  options.message_bytes = 16;
  const Stream stream =
      Send({Type::Array(Type::String())}, {{sql::Value::Array(Type::String(), elements)}}, options);
  EXPECT_GT(stream.parts.size(), 5u);
  ASSERT_EQ(stream.values.size(), 1u);
  const auto& list = stream.values[0].list_value();
  ASSERT_EQ(list.values_size(), 60);
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(list.values(i).has_null_value(), elements[i].null()) << i;
    if (!elements[i].null()) {
      EXPECT_EQ(list.values(i).string_value(), elements[i].datum().str()) << i;
    }
  }
}

TEST_F(StreamSinkTest, ResumedStreamsLeaveOutWhatWasSent) {
  std::vector<std::vector<sql::Value>> rows;
  for (int i = 0; i < 50; ++i) rows.push_back({sql::Value::Int64(i)});
  StreamSink::Options options;
  options.message_bytes = 30;
  options.resumable_at = CommitTimestamp(123);
  const Stream whole = Send({Type::Int64()}, rows, options);
  size_t before = 0;
  for (const pb::PartialResultSet& part : whole.parts) {
    before += part.values_size();
    const auto point = ParseResumeToken(part.resume_token());
    ASSERT_TRUE(point.ok());
    EXPECT_EQ(point->timestamp, CommitTimestamp(123));
    EXPECT_EQ(point->rows, before);
    StreamSink::Options again = options;
    again.skip_rows = point->rows;
    EXPECT_EQ(Send({Type::Int64()}, rows, again).values.size(), 50 - before);
  }
}

TEST(ResumeToken, StrangersAreRefused) {
  for (const char* token :
       {"", "zzz", "ks1.1", "ks1.1.2", "ks1.a.2.3", "ks2.1.2.3", "ks1.1.2.3.4"}) {
    EXPECT_FALSE(ParseResumeToken(token).ok()) << token;
  }
}

}  // namespace
}  // namespace ks::local
