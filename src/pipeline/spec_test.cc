// Pipeline files: what is read, and that each mistake is shown where it stands.
#include "pipeline/spec.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"

namespace ks::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

constexpr char kSignups[] = R"(pipeline: signups
from:
  kafka:
    brokers: localhost:9092
    topic: signups
    start: 2024-01-31T00:00:00Z
    lanes: 4
    properties: {fetch.min.bytes: 100000}
  key: {format: string, name: user_id}
  value:
    format: json
    schema:
      email: STRING NOT NULL
      tags: ARRAY<STRUCT<name STRING(36), at TIMESTAMP>>
      score: FLOAT64
to:
  spanner:
    database: projects/demo/instances/local/databases/app
    role: signups_writer
assert:
  - check: email LIKE '%@%'
    else: skip
tables:
  Users: |
    SELECT user_id AS UserId,
           LOWER(email) AS Email
  Log: {mode: append, select: "SELECT user_id AS Id", tombstones: ignore}
limits:
  batch: {records: 500, bytes: 1MiB, mutations: 2000}
  memory: 64MiB
  dead_letters: {max: 10, within: 5m}
on_error: stop
on_data_loss: continue
)";

std::string Message(const absl::Status& status) { return std::string(View(status.message())); }

// The file with one piece of text replaced by another.
std::string With(std::string_view from, std::string_view to) {
  std::string text = kSignups;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string ErrorOf(const std::string& text) {
  const auto spec = ParsePipeline("p.yaml", text);
  return spec.ok() ? "no error" : Message(spec.status());
}

TEST(ParsePipelineTest, ReadsEverything) {
  const auto spec = ParsePipeline("p.yaml", kSignups);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->name, "signups");
  ASSERT_EQ(spec->sources.size(), 1u);
  const SourceSpec& source = spec->sources[0];
  EXPECT_EQ(source.name, "signups");
  EXPECT_EQ(source.brokers, "localhost:9092");
  EXPECT_THAT(source.topics, ElementsAre("signups"));
  EXPECT_EQ(source.start, StartAt::kTimestamp);
  EXPECT_EQ(source.start_timestamp_ms, 1706659200000);
  EXPECT_EQ(source.lanes, 4);
  EXPECT_TRUE(source.continue_on_data_loss);
  EXPECT_THAT(source.properties, ElementsAre(Pair("fetch.min.bytes", "100000")));
  EXPECT_EQ(source.key.format, Format::kString);
  EXPECT_EQ(source.key.columns[0].name, "user_id");
  ASSERT_EQ(source.value.columns.size(), 3u);
  EXPECT_TRUE(source.value.columns[0].not_null);
  EXPECT_EQ(source.value.columns[1].type->ToString(), "ARRAY<STRUCT<name STRING, at TIMESTAMP>>");
  EXPECT_FALSE(source.value.columns[2].not_null);
  EXPECT_EQ(spec->target.database, "projects/demo/instances/local/databases/app");
  EXPECT_EQ(spec->target.role, "signups_writer");
  ASSERT_EQ(spec->asserts.size(), 1u);
  EXPECT_EQ(spec->asserts[0].otherwise, Policy::kSkip);
  ASSERT_EQ(spec->tables.size(), 2u);
  EXPECT_EQ(spec->tables[0].name, "Users");
  EXPECT_EQ(spec->tables[1].mode, TableMode::kAppend);
  EXPECT_EQ(spec->tables[1].tombstones, Tombstones::kIgnore);
  EXPECT_EQ(spec->batch.bytes, 1 << 20);
  EXPECT_EQ(spec->memory_bytes, 64 << 20);
  EXPECT_EQ(spec->breaker.window_ms, 300000);
  EXPECT_EQ(spec->on_error, Policy::kStop);
}

TEST(ParsePipelineTest, ReadsNamedSourcesWithSharedSettings) {
  const auto spec = ParsePipeline("p.yaml", R"(pipeline: two
kafka: {brokers: "a:1", lanes: 2}
from:
  users: {kafka: {topics: [u1, u2]}, value: {format: string}}
  orders:
    kafka: {topic: o, lanes: 3, brokers: "b:2"}
    key: {format: int64, name: id}
    value: {format: json, schema: {x: INT64}}
to: {spanner: {database: projects/p/instances/i/databases/d}}
tables: {T: SELECT 1 AS A FROM users}
)");
  ASSERT_TRUE(spec.ok()) << spec.status();
  ASSERT_EQ(spec->sources.size(), 2u);
  EXPECT_EQ(spec->sources[0].name, "users");
  EXPECT_EQ(spec->sources[0].brokers, "a:1");
  EXPECT_EQ(spec->sources[0].lanes, 2);
  EXPECT_THAT(spec->sources[0].topics, ElementsAre("u1", "u2"));
  EXPECT_EQ(spec->sources[0].value.columns[0].name, "value");
  EXPECT_EQ(spec->sources[1].brokers, "b:2");
  EXPECT_EQ(spec->sources[1].lanes, 3);
  EXPECT_EQ(spec->sources[1].key.columns[0].type, sql::Type::Int64());
}

TEST(ParsePipelineTest, ShowsAnUnknownFieldWithACaret) {
  EXPECT_EQ(ErrorOf(With("lanes: 4", "lane: 4")),
            "p.yaml:7:5: unknown field `lane` in `from.kafka`; did you mean `lanes`?\n"
            "    7 |     lane: 4\n"
            "      |     ^~~~");
}

TEST(ParsePipelineTest, NamesPlaceAndExpectationOfEveryMistake) {
  EXPECT_THAT(
      ErrorOf(With("pipeline: signups", "pipline: signups")),
      StartsWith(
          "p.yaml:1:1: unknown field `pipline` in a pipeline file; did you mean `pipeline`?"));
  EXPECT_THAT(ErrorOf(With("    topic: signups\n", "")),
              StartsWith("p.yaml:4:5: `from.kafka` needs the field `topic`"));
  EXPECT_THAT(
      ErrorOf(With("lanes: 4", "lanes: 0")),
      StartsWith(
          "p.yaml:7:12: `from.kafka.lanes`: expected a whole number from 1 to 64, found `0`"));
  EXPECT_THAT(ErrorOf(With("else: skip", "else: drop")),
              HasSubstr("`assert[0].else`: expected dead_letter | skip | stop, found `drop`"));
  EXPECT_THAT(ErrorOf(With("2024-01-31T00:00:00Z", "yesterday")),
              HasSubstr("expected earliest, latest or an RFC 3339"));
  EXPECT_THAT(ErrorOf(With("1MiB", "1 mega")), HasSubstr("expected a size such as 64MiB"));
  EXPECT_THAT(ErrorOf(With("5m", "5")), HasSubstr("expected a duration"));
  EXPECT_THAT(ErrorOf(With("format: string", "format: strng")),
              HasSubstr("did you mean `string`?"));
  EXPECT_THAT(ErrorOf(With("format: string", "format: protobuf")),
              HasSubstr("expected one of `schema_file: PATH` and `registry: {url: …}`"));
  EXPECT_THAT(ErrorOf(With("projects/demo/instances/local/databases/app", "app")),
              HasSubstr("expected projects/PROJECT/"));
  EXPECT_THAT(ErrorOf(With("name: user_id", "name: _key")), HasSubstr("cannot be a column's name"));
  EXPECT_THAT(ErrorOf(With("    lanes: 4\n", "    lanes: 4\n    lanes: 5\n")),
              HasSubstr("stands twice"));
  EXPECT_THAT(ErrorOf(With("  Log: {", "  Users: {")),
              HasSubstr("p.yaml:27:3: field `Users` stands twice in `tables`"));
  EXPECT_THAT(ErrorOf(With("pipeline: signups", "pipeline: a b")),
              HasSubstr("expected a name of letters"));
  EXPECT_THAT(ErrorOf(With("select: \"SELECT user_id AS Id\"", "select: \" \"")),
              HasSubstr("expected a SELECT"));
  EXPECT_THAT(ErrorOf(With("assert:\n  -", "assert:\n   ")),
              HasSubstr("`assert`: expected a list"));
}

TEST(ParsePipelineTest, ShowsMistakesInsideATypeAtTheirColumn) {
  EXPECT_EQ(
      ErrorOf(With("score: FLOAT64", "score: FLAOT64 NOT NULL")),
      "p.yaml:15:14: `from.value.schema.score`: expected a GoogleSQL type; did you mean FLOAT64?\n"
      "   15 |       score: FLAOT64 NOT NULL\n"
      "      |              ^");
  EXPECT_THAT(ErrorOf(With("score: FLOAT64", "score: ARRAY<ARRAY<INT64>>")),
              StartsWith("p.yaml:15:20: "));
  EXPECT_THAT(ErrorOf(With("score: FLOAT64", "score: \"FLOAT64 NOT\"")),
              StartsWith("p.yaml:15:26: "));
  EXPECT_THAT(ErrorOf(With("score: FLOAT64", "score: STRING(x)")),
              HasSubstr("expected a length or MAX"));
  EXPECT_THAT(ErrorOf(With("score: FLOAT64", "score: STRUCT<a INT64")),
              HasSubstr("expected `,` or `>` after a field"));
}

TEST(ParsePipelineTest, ShowsWhereYamlBreaks) {
  EXPECT_THAT(ErrorOf("pipeline: [a\nfrom: b\n"), StartsWith("p.yaml:2:5: this is not YAML: "));
  EXPECT_THAT(ErrorOf(""), HasSubstr("expected fields"));
  EXPECT_THAT(ErrorOf("just text"),
              HasSubstr("a pipeline file: expected fields (`name: value`), found `just text`"));
  EXPECT_THAT(ErrorOf(std::string(2 << 20, 'x')), HasSubstr("is it the right file?"));
}

// The file with settings of its Kafka connection added.
std::string WithKafka(std::string_view settings) {
  return With("    lanes: 4\n", StrCat("    lanes: 4\n", settings));
}

TEST(ParseSecurityTest, ReadsTlsAndSasl) {
  const auto spec = ParsePipeline("p.yaml", WithKafka(R"(
    tls: {ca: /etc/ca.pem, certificate: /etc/c.pem, private_key: secret://file/etc/k.pem}
    sasl: {mechanism: SCRAM-SHA-512, username: alice, password: secret://env/PW}
)"));
  ASSERT_TRUE(spec.ok()) << spec.status();
  const identity::KafkaSecurity& security = spec->sources[0].security;
  EXPECT_TRUE(security.tls.enabled);
  EXPECT_EQ(security.tls.ca, "/etc/ca.pem");
  EXPECT_EQ(security.tls.private_key.path, "/etc/k.pem");
  EXPECT_EQ(security.sasl.mechanism, identity::SaslMechanism::kScramSha512);
  EXPECT_EQ(security.sasl.username, "alice");
  EXPECT_EQ(security.sasl.password.place, identity::SecretPlace::kEnv);
}

TEST(ParseSecurityTest, SaslGoesThroughTlsUnlessToldOtherwise) {
  const std::string sasl = "    sasl: {mechanism: PLAIN, username: a, password: secret://env/P}\n";
  EXPECT_FALSE(ParsePipeline("p.yaml", kSignups)->sources[0].security.tls.enabled);
  EXPECT_TRUE(ParsePipeline("p.yaml", WithKafka(sasl))->sources[0].security.tls.enabled);
  const auto spec = ParsePipeline("p.yaml", WithKafka(sasl + "    tls: none\n"));
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_FALSE(spec->sources[0].security.tls.enabled);
}

TEST(ParseSecurityTest, ReadsEachGrant) {
  using identity::OauthGrant;
  const auto oauth = [](std::string_view fields) {
    const auto spec = ParsePipeline(
        "p.yaml", WithKafka(StrCat("    sasl: {mechanism: OAUTHBEARER, ", fields, "}\n")));
    EXPECT_TRUE(spec.ok()) << spec.status();
    return spec.ok() ? spec->sources[0].security.sasl.oauth : identity::OauthSettings();
  };
  const std::string endpoint = ", token_endpoint: \"https://idp/token\", ";
  const auto client = oauth("grant: client_credentials" + endpoint +
                            "client_id: c, client_secret: secret://env/S, scope: kafka, "
                            "extensions: {logicalCluster: lkc-1}");
  EXPECT_EQ(client.token_endpoint, "https://idp/token");
  EXPECT_EQ(client.client_secret.path, "S");
  EXPECT_THAT(client.extensions, ElementsAre(Pair("logicalCluster", "lkc-1")));
  EXPECT_EQ(oauth("grant: jwt_bearer" + endpoint + "private_key: secret://file/k").grant,
            OauthGrant::kJwtBearer);
  EXPECT_EQ(oauth("grant: token_exchange" + endpoint + "subject_token: secret://file/t")
                .subject_token.path,
            "/t");
  EXPECT_EQ(oauth("grant: token_file, token: secret://file/t").token.path, "/t");
}

TEST(ParseSecurityTest, RefusesAPlainSecretWithoutShowingIt) {
  EXPECT_EQ(
      ErrorOf(WithKafka("    sasl:\n      mechanism: PLAIN\n      username: a\n"
                        "      password: hunter2, again\n")),
      "p.yaml:11:17: `from.kafka.sasl.password`: a secret does not belong into this file. Put it "
      "where only this program can read it, and say here where that is: secret://env/NAME, "
      "secret://file/PATH, secret://kubernetes/MOUNT/KEY, secret://vault/MOUNT/PATH#FIELD, "
      "secret://aws/NAME or secret://google/projects/P/secrets/S/versions/V\n"
      "   11 |       password: ******\n"
      "      |                 ^");
}

// Whatever is wrong on the line, its secret is not shown, and the caret stays where it belongs.
TEST(ParseSecurityTest, MasksSecretsInEveryErrorOfTheirLine) {
  const std::string error = ErrorOf(
      WithKafka("    sasl: {password: 'hunter2-planted', mechanism: PLAIM, username: a}\n"));
  EXPECT_THAT(error, HasSubstr("p.yaml:8:52: "));
  EXPECT_THAT(error,
              HasSubstr("    8 |     sasl: {password: ******, mechanism: PLAIM, username: a}\n"
                        "      |                                         ^~~~~"));
  EXPECT_THAT(error, Not(HasSubstr("hunter2")));
  for (const std::string_view broken :
       {"    properties: {\"x.password\": hunter2}\n    lanes: [\n",
        "    sasl: [client_secret: hunter2\n",
        "    sasl:\n      private_key: |\n"
        "        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQChunter2\n"
        "  bad\n    worse: [\n"}) {
    EXPECT_THAT(ErrorOf(WithKafka(broken)), Not(HasSubstr("hunter2"))) << broken;
  }
  EXPECT_THAT(
      ErrorOf(WithKafka("    sasl: {mechanism: PLAIN, user: a, password: secret://env/P}\n")),
      HasSubstr("password: secret://env/P}"));
}

TEST(ParseSecurityTest, NamesWhatIsMissingAndWhereAPropertyBelongs) {
  EXPECT_THAT(ErrorOf(WithKafka("    sasl: {mechanism: PLAIN, password: secret://env/P}\n")),
              HasSubstr("`from.kafka.sasl` needs the field `username`"));
  EXPECT_THAT(ErrorOf(WithKafka("    sasl: {mechanism: GSSAPI}\n")),
              HasSubstr("expected PLAIN | SCRAM-SHA-256 | SCRAM-SHA-512 | OAUTHBEARER | "
                        "AWS_MSK_IAM, found `GSSAPI`"));
  EXPECT_THAT(ErrorOf(WithKafka("    tls: {certificate: /c.pem}\n")),
              HasSubstr("`from.kafka.tls` needs the field `private_key`"));
  EXPECT_THAT(ErrorOf(With("fetch.min.bytes: 100000", "sasl.password: hunter2")),
              HasSubstr("`sasl.password` has its own place: write it as `sasl: {password: "
                        "secret://…}` beside `brokers`"));
  EXPECT_THAT(ErrorOf(WithKafka("    sasl: {mechanism: PLAIN, username: a, "
                                "password: secret://vualt/x#y}\n")),
              HasSubstr("secrets are not read from `vualt`"));
}

TEST(SourceTextTest, LocatesTextInsideScalarsOfEveryStyle) {
  const std::string text =
      "a: |\n  SELECT x,\n         nope AS Y\nb: SELECT nope\nc: \"SELECT  nope\"\nd: >-\n  "
      "SELECT\n  nope\n";
  const SourceText file("f", text);
  const auto at = [&](FilePosition scalar, std::string_view value, size_t offset) {
    const FilePosition found = file.Locate(scalar, value, offset);
    return StrCat(found.line, ":", found.column);
  };
  EXPECT_EQ(at({1, 4}, "SELECT x,\n       nope AS Y\n", 17), "3:10");
  EXPECT_EQ(at({1, 4}, "SELECT x,\n       nope AS Y\n", 27), "3:19");  // the end of the text
  EXPECT_EQ(at({4, 4}, "SELECT nope", 7), "4:11");
  EXPECT_EQ(at({5, 4}, "SELECT  nope", 8), "5:13");
  EXPECT_EQ(at({6, 4}, "SELECT nope", 7), "8:3");
}

TEST(SourceTextTest, PutsTheCaretUnderItsCharacter) {
  const SourceText file("f", "x: \"é\tab\"\n");
  EXPECT_EQ(Message(file.Error({1, 8}, "here", 2)),
            "f:1:7: here\n    1 | x: \"é\tab\"\n      |      \t^~");
}

}  // namespace
}  // namespace ks::pipeline
