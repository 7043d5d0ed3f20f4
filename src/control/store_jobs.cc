// Jobs, as rows.
#include "base/str_cat.h"
#include "control/limits.h"
#include "control/store.h"
#include "control/store_rows.h"

namespace ks::control {
namespace {

using namespace rows;  // NOLINT: what the store's files share

constexpr char kJobColumns[] =
    "SELECT Job, Pipeline, Verb, File, Effect, Progress, PlanHash, State, Result, Issuer, "
    "Subject, CreatedAt, HeldBy FROM kafka_spanner.Jobs";

JobRow JobOf(const ListValue& row) {
  return {Text(row, 0),
          Text(row, 1),
          governance::VerbOf(Text(row, 2)).value_or(governance::Verb::kSee),
          Text(row, 3),
          identity::ParseJson(Text(row, 4)),
          identity::ParseJson(Text(row, 5)),
          Text(row, 6),
          Text(row, 7),
          identity::ParseJson(Text(row, 8)),
          Actor{Text(row, 9), Text(row, 10)},
          Nanos(row, 11),
          Text(row, 12)};
}

}  // namespace

absl::StatusOr<std::optional<JobRow>> ReadJob(const Reader& reader, std::string_view id) {
  return ReadOne(reader, SqlWith(StrCat(kJobColumns, " WHERE Job = @id"), id), &JobOf);
}

absl::StatusOr<std::vector<JobRow>> ReadJobs(const Reader& reader, std::string_view pipeline) {
  return ReadAll(reader,
                 SqlWith(StrCat(kJobColumns, " WHERE Pipeline = @id ORDER BY CreatedAt DESC LIMIT ",
                                kJobsListed),
                         pipeline),
                 &JobOf);
}

namespace {

// One replica gets it: of two that try, the second reads what the first has written.
absl::StatusOr<int64_t> Hold(spanner::Client& client, std::string_view id, std::string_view replica,
                             const char* free) {
  v1::ExecuteSqlRequest update =
      SqlWith(StrCat("UPDATE kafka_spanner.Jobs SET HeldBy = @replica, HeldUntil = ",
                     "TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL ", kJobHoldSeconds,
                     " SECOND) WHERE Job = @id AND State = 'running' AND ", free),
              id);
  (*update.mutable_params()->mutable_fields())["replica"].set_string_value(std::string(replica));
  (*update.mutable_param_types())["replica"].set_code(v1::STRING);
  int64_t held = 0;
  const auto answer = client.RunTransaction(
      [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
        KS_ASSIGN_OR_RETURN(held, transaction.Execute(update));
        return std::string();
      });
  KS_RETURN_IF_ERROR(answer.status);
  return held;
}

}  // namespace

absl::StatusOr<std::optional<JobRow>> TakeJob(spanner::Client& client, std::string_view replica) {
  const Reader reader = ReaderOf(client);
  KS_ASSIGN_OR_RETURN(
      const auto free,
      ReadAll(reader,
              Sql(StrCat(kJobColumns, " WHERE State = 'running' AND HeldUntil < ",
                         "CURRENT_TIMESTAMP() ORDER BY CreatedAt LIMIT ", kJobsListed)),
              &JobOf));
  for (const JobRow& job : free) {
    KS_ASSIGN_OR_RETURN(const int64_t taken,
                        Hold(client, job.id, replica, "HeldUntil < CURRENT_TIMESTAMP()"));
    if (taken > 0) return ReadJob(reader, job.id);
  }
  return std::nullopt;
}

absl::StatusOr<bool> HoldJob(spanner::Client& client, std::string_view id,
                             std::string_view replica) {
  KS_ASSIGN_OR_RETURN(const int64_t held, Hold(client, id, replica, "HeldBy = @replica"));
  return held > 0;
}

void WriteJob(const JobRow& row, std::string* wire) {
  Append(MutationKind::kInsert, "kafka_spanner.Jobs",
         {{"Job", Value::String(row.id)},
          {"Pipeline", Value::String(row.pipeline)},
          {"Verb", Value::String(governance::NameOf(row.verb))},
          {"File", Value::String(row.file)},
          {"Effect", Value::String(row.effect.dump())},
          {"Progress", Value::String(row.progress.dump())},
          {"PlanHash", Value::String(row.plan_hash)},
          {"State", Value::String(row.state)},
          {"Result", Value::String(row.result.dump())},
          {"Issuer", Value::String(row.actor.issuer)},
          {"Subject", Value::String(row.actor.subject)},
          {"CreatedAt", Moment(row.created_nanos)},
          {"HeldBy", Value::String("")},
          {"HeldUntil", Moment(0)}},
         wire);
}

void WriteJobProgress(const JobRow& row, std::string* wire) {
  Append(MutationKind::kUpdate, "kafka_spanner.Jobs",
         {{"Job", Value::String(row.id)}, {"Progress", Value::String(row.progress.dump())}}, wire);
}

void WriteJobEnd(const JobRow& row, std::string* wire) {
  Append(MutationKind::kUpdate, "kafka_spanner.Jobs",
         {{"Job", Value::String(row.id)},
          {"State", Value::String(row.state)},
          {"Result", Value::String(row.result.dump(-1, ' ', false,
                                                   nlohmann::json::error_handler_t::replace))}},
         wire);
}

void WriteJobPause(std::string_view id, int64_t until_nanos, std::string* wire) {
  Append(MutationKind::kUpdate, "kafka_spanner.Jobs",
         {{"Job", Value::String(id)},
          {"HeldBy", Value::String("")},
          {"HeldUntil", Moment(until_nanos)}},
         wire);
}

}  // namespace ks::control
