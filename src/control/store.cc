#include "control/store.h"

#include <set>

#include "base/str_cat.h"
#include "control/limits.h"
#include "control/store_rows.h"

namespace ks::control {
namespace {

using namespace rows;  // NOLINT: what the store's files share

struct TableDdl {
  const char* name;
  const char* ddl;
};

constexpr TableDdl kTables[] = {
    {"Pipelines", R"sql(CREATE TABLE kafka_spanner.Pipelines (
  Pipeline STRING(128) NOT NULL,
  File STRING(MAX) NOT NULL,
  State STRING(16) NOT NULL,
  Revision INT64 NOT NULL,
  Restarts INT64 NOT NULL,
  EditorIssuer STRING(MAX) NOT NULL,
  EditorSubject STRING(MAX) NOT NULL
) PRIMARY KEY (Pipeline))sql"},
    {"Requests", R"sql(CREATE TABLE kafka_spanner.Requests (
  Request STRING(36) NOT NULL,
  Pipeline STRING(128) NOT NULL,
  Verb STRING(32) NOT NULL,
  Options STRING(MAX) NOT NULL,
  Plan STRING(MAX) NOT NULL,
  PlanHash STRING(64) NOT NULL,
  State STRING(16) NOT NULL,
  Issuer STRING(MAX) NOT NULL,
  Subject STRING(MAX) NOT NULL,
  CreatedAt TIMESTAMP NOT NULL
) PRIMARY KEY (Request))sql"},
    {"Reviews", R"sql(CREATE TABLE kafka_spanner.Reviews (
  Request STRING(36) NOT NULL,
  Issuer STRING(1024) NOT NULL,
  Subject STRING(1024) NOT NULL,
  ReviewerGroups ARRAY<STRING(MAX)> NOT NULL,
  PlanHash STRING(64) NOT NULL,
  Approves BOOL NOT NULL,
  ReviewedAt TIMESTAMP NOT NULL
) PRIMARY KEY (Request, Issuer, Subject),
  INTERLEAVE IN PARENT kafka_spanner.Requests ON DELETE CASCADE)sql"},
    {"BrokenGlass", R"sql(CREATE TABLE kafka_spanner.BrokenGlass (
  Glass STRING(36) NOT NULL,
  Issuer STRING(MAX) NOT NULL,
  Subject STRING(MAX) NOT NULL,
  Pipeline STRING(128) NOT NULL,
  BrokenAt TIMESTAMP NOT NULL,
  WholeAt TIMESTAMP NOT NULL,
  Reason STRING(MAX) NOT NULL,
  Reviewer STRING(MAX) NOT NULL
) PRIMARY KEY (Glass))sql"},
    {"Versions", R"sql(CREATE TABLE kafka_spanner.Versions (
  Pipeline STRING(128) NOT NULL,
  Revision INT64 NOT NULL,
  File STRING(MAX) NOT NULL,
  EditorIssuer STRING(MAX) NOT NULL,
  EditorSubject STRING(MAX) NOT NULL,
  ConfiguredAt TIMESTAMP NOT NULL
) PRIMARY KEY (Pipeline, Revision DESC))sql"},
    {"Sightings", R"sql(CREATE TABLE kafka_spanner.Sightings (
  Pipeline STRING(128) NOT NULL,
  Replica STRING(1024) NOT NULL,
  Running BOOL NOT NULL,
  Error STRING(MAX) NOT NULL,
  Seen STRING(MAX) NOT NULL,
  SeenAt TIMESTAMP NOT NULL OPTIONS (allow_commit_timestamp = true)
) PRIMARY KEY (Pipeline, Replica), ROW DELETION POLICY (OLDER_THAN(SeenAt, INTERVAL 1 DAY)))sql"},
    {"People", R"sql(CREATE TABLE kafka_spanner.People (
  Issuer STRING(1024) NOT NULL,
  Subject STRING(1024) NOT NULL,
  Name STRING(MAX) NOT NULL,
  SignedInAt TIMESTAMP NOT NULL
) PRIMARY KEY (Issuer, Subject))sql"},
    // Expired sessions are not looked at any more; Spanner deletes them some time.
    {"Sessions", R"sql(CREATE TABLE kafka_spanner.Sessions (
  Session STRING(64) NOT NULL,
  Issuer STRING(MAX) NOT NULL,
  Subject STRING(MAX) NOT NULL,
  SubjectGroups ARRAY<STRING(MAX)> NOT NULL,
  IssuerSession STRING(MAX) NOT NULL,
  CreatedAt TIMESTAMP NOT NULL,
  ExpiresAt TIMESTAMP NOT NULL
) PRIMARY KEY (Session), ROW DELETION POLICY (OLDER_THAN(ExpiresAt, INTERVAL 1 DAY)))sql"},
    {"Jobs", R"sql(CREATE TABLE kafka_spanner.Jobs (
  Job STRING(36) NOT NULL,
  Pipeline STRING(128) NOT NULL,
  Verb STRING(32) NOT NULL,
  File STRING(MAX) NOT NULL,
  Effect STRING(MAX) NOT NULL,
  Progress STRING(MAX) NOT NULL,
  PlanHash STRING(64) NOT NULL,
  State STRING(16) NOT NULL,
  Result STRING(MAX) NOT NULL,
  Issuer STRING(MAX) NOT NULL,
  Subject STRING(MAX) NOT NULL,
  CreatedAt TIMESTAMP NOT NULL,
  HeldBy STRING(1024) NOT NULL,
  HeldUntil TIMESTAMP NOT NULL
) PRIMARY KEY (Job), ROW DELETION POLICY (OLDER_THAN(CreatedAt, INTERVAL 90 DAY)))sql"},
};

constexpr char kPipelineColumns[] =
    "SELECT Pipeline, File, State, Revision, Restarts, EditorIssuer, EditorSubject "
    "FROM kafka_spanner.Pipelines";
constexpr char kRequestColumns[] =
    "SELECT Request, Pipeline, Verb, Options, Plan, PlanHash, State, Issuer, Subject, CreatedAt "
    "FROM kafka_spanner.Requests";

constexpr char kGlassColumns[] =
    "SELECT Glass, Issuer, Subject, Pipeline, BrokenAt, WholeAt, Reason, Reviewer "
    "FROM kafka_spanner.BrokenGlass";

constexpr char kSessionColumns[] =
    "SELECT Session, Issuer, Subject, SubjectGroups, IssuerSession, CreatedAt, ExpiresAt "
    "FROM kafka_spanner.Sessions";

constexpr char kReviewColumns[] =
    "SELECT Issuer, Subject, ReviewerGroups, PlanHash, Approves, ReviewedAt, Request "
    "FROM kafka_spanner.Reviews";

Value ListOf(const std::vector<std::string>& texts) {
  std::vector<Value> values;
  for (const std::string& text : texts) values.push_back(Value::String(text));
  return Value::Array(sql::Type::String(), values);
}

PipelineRow PipelineOf(const ListValue& row) {
  return {Text(row, 0),   Text(row, 1),   Text(row, 2),
          Number(row, 3), Number(row, 4), Actor{Text(row, 5), Text(row, 6)}};
}

RequestRow RequestOf(const ListValue& row) {
  return {Text(row, 0),
          Text(row, 1),
          governance::VerbOf(Text(row, 2)).value_or(governance::Verb::kSee),
          identity::ParseJson(Text(row, 3)),
          Text(row, 4),
          Text(row, 5),
          Text(row, 6),
          Actor{Text(row, 7), Text(row, 8)},
          Nanos(row, 9)};
}

std::vector<std::string> Texts(const ListValue& row, int i) {
  std::vector<std::string> texts;
  for (const auto& text : row.values(i).list_value().values()) texts.push_back(text.string_value());
  return texts;
}

SightingRow SightingOf(const ListValue& row) {
  return {Text(row, 0), Text(row, 1), row.values(2).bool_value(), Text(row, 3),
          identity::ParseJson(Text(row, 4))};
}

VersionRow VersionOf(const ListValue& row) {
  return {Number(row, 0), Text(row, 1), Actor{Text(row, 2), Text(row, 3)}, Nanos(row, 4)};
}

SessionRow SessionOf(const ListValue& row) {
  return {Text(row, 0), Actor{Text(row, 1), Text(row, 2), Texts(row, 3)}, Text(row, 4),
          Nanos(row, 5), Nanos(row, 6)};
}

PersonRow PersonOf(const ListValue& row) {
  return {Actor{Text(row, 0), Text(row, 1)}, Text(row, 2)};
}

governance::Review ReviewOf(const ListValue& row) {
  governance::Review review;
  review.reviewer = {Text(row, 0), Text(row, 1), Texts(row, 2)};
  review.plan_hash = Text(row, 3);
  review.approves = row.values(4).bool_value();
  review.time_nanos = Nanos(row, 5);
  return review;
}

GlassRow GlassOf(const ListValue& row) {
  return {Text(row, 0),
          {Actor{Text(row, 1), Text(row, 2)}, Text(row, 3), Nanos(row, 4), Nanos(row, 5)},
          Text(row, 6),
          Text(row, 7)};
}

}  // namespace

Reader ReaderOf(spanner::Client& client) {
  return [&client](const v1::ExecuteSqlRequest& request) { return client.QueryNow(request); };
}

Reader ReaderOf(spanner::Client::Transaction& transaction) {
  return [&transaction](v1::ExecuteSqlRequest request) {
    return transaction.Query(std::move(request));
  };
}

absl::StatusOr<std::vector<PipelineRow>> ReadPipelines(const Reader& reader) {
  return ReadAll(reader, Sql(StrCat(kPipelineColumns, " ORDER BY Pipeline")), &PipelineOf);
}

absl::StatusOr<std::optional<PipelineRow>> ReadPipeline(const Reader& reader,
                                                        std::string_view name) {
  return ReadOne(reader, SqlWith(StrCat(kPipelineColumns, " WHERE Pipeline = @id"), name),
                 &PipelineOf);
}

absl::StatusOr<std::vector<RequestRow>> ReadRequests(const Reader& reader) {
  return ReadAll(reader,
                 Sql(StrCat(kRequestColumns, " ORDER BY CreatedAt DESC LIMIT ", kRequestsListed)),
                 &RequestOf);
}

absl::StatusOr<std::optional<RequestRow>> ReadRequest(const Reader& reader, std::string_view id) {
  return ReadOne(reader, SqlWith(StrCat(kRequestColumns, " WHERE Request = @id"), id), &RequestOf);
}

absl::StatusOr<std::vector<governance::Review>> ReadReviews(const Reader& reader,
                                                            std::string_view request) {
  return ReadAll(reader, SqlWith(StrCat(kReviewColumns, " WHERE Request = @id"), request),
                 &ReviewOf);
}

absl::StatusOr<ReviewsByRequest> ReadListedReviews(const Reader& reader) {
  KS_ASSIGN_OR_RETURN(const auto result,
                      reader(Sql(StrCat(kReviewColumns, " WHERE Request IN (SELECT Request FROM ",
                                        "kafka_spanner.Requests ORDER BY CreatedAt DESC LIMIT ",
                                        kRequestsListed, ") ORDER BY Request, Issuer, Subject"))));
  ReviewsByRequest reviews;
  for (const ListValue& row : result->rows()) reviews[Text(row, 6)].push_back(ReviewOf(row));
  return reviews;
}

absl::StatusOr<std::vector<GlassRow>> ReadGlass(const Reader& reader) {
  return ReadAll(reader,
                 Sql(StrCat(kGlassColumns, " ORDER BY BrokenAt DESC LIMIT ", kRequestsListed)),
                 &GlassOf);
}

absl::StatusOr<std::vector<GlassRow>> ReadGlassOf(const Reader& reader, std::string_view subject) {
  return ReadAll(reader, SqlWith(StrCat(kGlassColumns, " WHERE Subject = @id"), subject), &GlassOf);
}

absl::StatusOr<std::optional<GlassRow>> ReadOneGlass(const Reader& reader, std::string_view id) {
  return ReadOne(reader, SqlWith(StrCat(kGlassColumns, " WHERE Glass = @id"), id), &GlassOf);
}

absl::StatusOr<std::optional<SessionRow>> ReadSession(const Reader& reader, std::string_view id) {
  return ReadOne(reader, SqlWith(StrCat(kSessionColumns, " WHERE Session = @id"), id), &SessionOf);
}

absl::StatusOr<std::vector<SessionRow>> ReadSessionsOf(const Reader& reader, const Actor& actor) {
  KS_ASSIGN_OR_RETURN(
      auto rows, ReadAll(reader,
                         SqlWith(StrCat(kSessionColumns, " WHERE Subject = @id ORDER BY CreatedAt"),
                                 actor.subject),
                         &SessionOf));
  std::erase_if(rows, [&](const SessionRow& row) { return !row.actor.SameAs(actor); });
  return rows;
}

absl::StatusOr<std::vector<SessionRow>> ReadIssuerSession(const Reader& reader,
                                                          std::string_view issuer,
                                                          std::string_view issuer_session) {
  KS_ASSIGN_OR_RETURN(
      auto rows,
      ReadAll(reader,
              SqlWith(StrCat(kSessionColumns, " WHERE IssuerSession = @id"), issuer_session),
              &SessionOf));
  std::erase_if(rows, [&](const SessionRow& row) { return row.actor.issuer != issuer; });
  return rows;
}

absl::StatusOr<std::vector<PersonRow>> ReadPeople(const Reader& reader) {
  return ReadAll(reader,
                 Sql(StrCat("SELECT Issuer, Subject, Name FROM kafka_spanner.People ",
                            "ORDER BY SignedInAt DESC LIMIT ", kPeopleListed)),
                 &PersonOf);
}

absl::StatusOr<std::vector<SightingRow>> ReadSightings(const Reader& reader) {
  return ReadAll(
      reader,
      Sql(StrCat("SELECT Pipeline, Replica, Running, Error, Seen FROM kafka_spanner.Sightings ",
                 "WHERE SeenAt > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ", kSightingSeconds,
                 " SECOND) ORDER BY Pipeline, Replica")),
      &SightingOf);
}

absl::StatusOr<std::vector<VersionRow>> ReadVersions(const Reader& reader,
                                                     std::string_view pipeline) {
  return ReadAll(reader,
                 SqlWith(StrCat("SELECT Revision, File, EditorIssuer, EditorSubject, ConfiguredAt ",
                                "FROM kafka_spanner.Versions WHERE Pipeline = @id ",
                                "ORDER BY Revision DESC LIMIT ", kVersionsListed),
                         pipeline),
                 &VersionOf);
}

// ---- The record, and a pipeline's own database

absl::StatusOr<std::vector<AuditRow>> ReadAuditEntries(const Reader& reader, int64_t before) {
  v1::ExecuteSqlRequest request =
      Sql(StrCat("SELECT Seq, Entry FROM kafka_spanner.AuditLog WHERE Seq < @before ORDER BY Seq ",
                 "DESC LIMIT ", kAuditListed));
  (*request.mutable_params()->mutable_fields())["before"].set_string_value(StrCat(before));
  (*request.mutable_param_types())["before"].set_code(v1::INT64);
  return ReadAll(
      reader, std::move(request), +[](const ListValue& row) {
        return AuditRow{Number(row, 0), Text(row, 1)};
      });
}

absl::StatusOr<spanner::ResultPtr> ReadDeadLetters(spanner::Client& target,
                                                   std::string_view pipeline) {
  return target.QueryNow(
      SqlWith(StrCat("SELECT Topic, KafkaPartition, KafkaOffset, Stage, Reason, FailedAt FROM ",
                     "kafka_spanner.DeadLetters WHERE Pipeline = @id ORDER BY FailedAt DESC LIMIT ",
                     kDeadLettersListed),
              pipeline));
}

absl::StatusOr<int64_t> CountDeadLetters(spanner::Client& target, std::string_view pipeline) {
  KS_ASSIGN_OR_RETURN(const auto counted,
                      target.QueryNow(SqlWith("SELECT COUNT(*) FROM kafka_spanner.DeadLetters "
                                              "WHERE Pipeline = @id",
                                              pipeline)));
  return Number(counted->rows(0), 0);
}

void WritePipeline(const PipelineRow& row, std::string* wire) {
  Append(MutationKind::kInsertOrUpdate, "kafka_spanner.Pipelines",
         {{"Pipeline", Value::String(row.name)},
          {"File", Value::String(row.file)},
          {"State", Value::String(row.state)},
          {"Revision", Value::Int64(row.revision)},
          {"Restarts", Value::Int64(row.restarts)},
          {"EditorIssuer", Value::String(row.editor.issuer)},
          {"EditorSubject", Value::String(row.editor.subject)}},
         wire);
}

void WriteRequest(const RequestRow& row, std::string* wire) {
  Append(MutationKind::kInsert, "kafka_spanner.Requests",
         {{"Request", Value::String(row.id)},
          {"Pipeline", Value::String(row.pipeline)},
          {"Verb", Value::String(governance::NameOf(row.verb))},
          {"Options", Value::String(row.options.dump())},
          {"Plan", Value::String(row.plan)},
          {"PlanHash", Value::String(row.plan_hash)},
          {"State", Value::String(row.state)},
          {"Issuer", Value::String(row.actor.issuer)},
          {"Subject", Value::String(row.actor.subject)},
          {"CreatedAt", Moment(row.created_nanos)}},
         wire);
}

void CloseRequest(std::string_view id, std::string* wire) {
  Append(MutationKind::kUpdate, "kafka_spanner.Requests",
         {{"Request", Value::String(id)}, {"State", Value::String("done")}}, wire);
}

void WriteReview(std::string_view request, const governance::Review& review, std::string* wire) {
  Append(MutationKind::kInsertOrUpdate, "kafka_spanner.Reviews",
         {{"Request", Value::String(request)},
          {"Issuer", Value::String(review.reviewer.issuer)},
          {"Subject", Value::String(review.reviewer.subject)},
          {"ReviewerGroups", ListOf(review.reviewer.groups)},
          {"PlanHash", Value::String(review.plan_hash)},
          {"Approves", Value::Bool(review.approves)},
          {"ReviewedAt", Moment(review.time_nanos)}},
         wire);
}

void WriteGlass(const GlassRow& row, std::string* wire) {
  Append(MutationKind::kInsertOrUpdate, "kafka_spanner.BrokenGlass",
         {{"Glass", Value::String(row.id)},
          {"Issuer", Value::String(row.glass.actor.issuer)},
          {"Subject", Value::String(row.glass.actor.subject)},
          {"Pipeline", Value::String(row.glass.pipeline)},
          {"BrokenAt", Moment(row.glass.from_nanos)},
          {"WholeAt", Moment(row.glass.until_nanos)},
          {"Reason", Value::String(row.reason)},
          {"Reviewer", Value::String(row.reviewer)}},
         wire);
}

void WriteSighting(const SightingRow& row, std::string* wire) {
  Append(MutationKind::kInsertOrUpdate, "kafka_spanner.Sightings",
         {{"Pipeline", Value::String(row.pipeline)},
          {"Replica", Value::String(row.replica)},
          {"Running", Value::Bool(row.running)},
          {"Error", Value::String(row.error)},
          {"Seen", Value::String(row.seen.dump())},
          {"SeenAt", Value::Timestamp(pipeline::kPendingCommitTimestamp)}},
         wire);
}

void WriteVersion(std::string_view pipeline, const VersionRow& row, std::string* wire) {
  Append(MutationKind::kInsertOrUpdate, "kafka_spanner.Versions",
         {{"Pipeline", Value::String(pipeline)},
          {"Revision", Value::Int64(row.revision)},
          {"File", Value::String(row.file)},
          {"EditorIssuer", Value::String(row.editor.issuer)},
          {"EditorSubject", Value::String(row.editor.subject)},
          {"ConfiguredAt", Moment(row.configured_nanos)}},
         wire);
}

void WriteSession(const SessionRow& row, std::string* wire) {
  Append(MutationKind::kInsert, "kafka_spanner.Sessions",
         {{"Session", Value::String(row.id)},
          {"Issuer", Value::String(row.actor.issuer)},
          {"Subject", Value::String(row.actor.subject)},
          {"SubjectGroups", ListOf(row.actor.groups)},
          {"IssuerSession", Value::String(row.issuer_session)},
          {"CreatedAt", Moment(row.created_nanos)},
          {"ExpiresAt", Moment(row.expires_nanos)}},
         wire);
  if (row.name.empty()) return;
  Append(MutationKind::kInsertOrUpdate, "kafka_spanner.People",
         {{"Issuer", Value::String(row.actor.issuer)},
          {"Subject", Value::String(row.actor.subject)},
          {"Name", Value::String(row.name)},
          {"SignedInAt", Moment(row.created_nanos)}},
         wire);
}

void DeleteSession(std::string_view id, std::string* wire) {
  Append(MutationKind::kDelete, "kafka_spanner.Sessions", {{"Session", Value::String(id)}}, wire);
}

absl::StatusOr<std::vector<std::string>> MissingDdl(spanner::Client& client) {
  KS_ASSIGN_OR_RETURN(const auto found,
                      client.QueryNow("SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE "
                                      "TABLE_SCHEMA = 'kafka_spanner'"));
  std::set<std::string> there;
  for (const ListValue& row : found->rows()) there.insert(Text(row, 0));
  std::vector<std::string> missing;
  for (const TableDdl& table : kTables) {
    if (!there.contains(table.name)) missing.emplace_back(table.ddl);
  }
  return missing;
}

}  // namespace ks::control
