#include "governance/audit/audit_log.h"

#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "governance/errors.h"
#include "governance/limits.h"
#include "pipeline/mutation_writer.h"

namespace ks::governance {
namespace {

namespace v1 = google::spanner::v1;
using Transaction = spanner::Client::Transaction;

constexpr char kTable[] = "kafka_spanner.AuditLog";
constexpr char kCreateSchema[] = "CREATE SCHEMA kafka_spanner";
constexpr char kCreateTable[] = R"sql(CREATE TABLE kafka_spanner.AuditLog (
  Seq INT64 NOT NULL,
  Id STRING(36) NOT NULL,
  Entry STRING(MAX) NOT NULL,
  Peaks BYTES(2048) NOT NULL
) PRIMARY KEY (Seq DESC))sql";

struct Row {
  int64_t seq = 0;
  std::string entry;
  std::string peaks;
};

// Columns Seq, Entry, Peaks.
absl::StatusOr<Row> RowOf(const google::protobuf::ListValue& values) {
  Row row;
  if (!absl::SimpleAtoi(values.values(0).string_value(), &row.seq) ||
      !absl::Base64Unescape(values.values(2).string_value(), &row.peaks))
    return LogOutOfOrder(row.seq, values.values(0).string_value());
  row.entry = values.values(1).string_value();
  return row;
}

absl::StatusOr<Frontier> FrontierOf(const Row& row) {
  return Frontier::Parse(static_cast<uint64_t>(row.seq) + 1, row.peaks);
}

v1::ExecuteSqlRequest RowsFrom(int64_t seq, int64_t limit) {
  v1::ExecuteSqlRequest request;
  request.set_sql(StrCat("SELECT Seq, Entry, Peaks FROM ", kTable,
                         " WHERE Seq >= @seq ORDER BY Seq LIMIT ", limit));
  (*request.mutable_params()->mutable_fields())["seq"].set_string_value(StrCat(seq));
  (*request.mutable_param_types())["seq"].set_code(v1::INT64);
  return request;
}

// Rows from `seq` on, each once, in order; whether one is missing is the caller's to notice.
absl::Status ForEachRow(spanner::Client& client, int64_t seq,
                        const std::function<absl::Status(const Row&)>& consume) {
  for (;;) {
    KS_ASSIGN_OR_RETURN(const auto page, client.QueryNow(RowsFrom(seq, kExportPage)));
    for (const auto& values : page->rows()) {
      KS_ASSIGN_OR_RETURN(const Row row, RowOf(values));
      KS_RETURN_IF_ERROR(consume(row));
      seq = row.seq + 1;
    }
    if (page->rows_size() < kExportPage) return absl::OkStatus();
  }
}

// In the transaction, so that of two that append one comes after the other.
absl::StatusOr<Frontier> ReadFrontier(Transaction& transaction) {
  v1::ReadRequest request;
  request.set_table(kTable);
  for (const char* column : {"Seq", "Entry", "Peaks"}) request.add_columns(column);
  request.mutable_key_set()->set_all(true);
  request.set_limit(1);  // the newest
  KS_ASSIGN_OR_RETURN(const auto rows, transaction.Read(std::move(request)));
  if (rows->rows_size() == 0) return Frontier();
  KS_ASSIGN_OR_RETURN(const Row row, RowOf(rows->rows(0)));
  return FrontierOf(row);
}

}  // namespace

absl::Status AuditLog::Step::Append(Transaction& transaction, const nlohmann::json& details,
                                    std::string* wire) {
  if (log_ == nullptr) return absl::OkStatus();
  Entry entry = log_->MakeEntry(action_, Phase::kChange);
  entry.intent = intent_;
  entry.details = details;
  KS_ASSIGN_OR_RETURN(const std::string mutation,
                      log_->AppendMutation(transaction, std::move(entry)));
  wire->append(mutation);
  return absl::OkStatus();
}

AuditLog::AuditLog(AuditLogOptions options, AuditKey key,
                   std::vector<std::shared_ptr<CheckpointSink>> out)
    : options_(std::move(options)), key_(std::move(key)), sinks_(std::move(out)) {}

Entry AuditLog::MakeEntry(Action action, Phase phase) const {
  Entry entry;
  entry.id = env::NewUuid(*options_.random);
  entry.time_nanos = options_.clock->NowNanos();
  entry.action = action;
  entry.phase = phase;
  entry.actor = options_.actor;
  entry.pipeline = options_.pipeline;
  entry.database = options_.client->database();
  return entry;
}

absl::StatusOr<std::string> AuditLog::AppendMutation(Transaction& transaction, Entry entry) {
  KS_ASSIGN_OR_RETURN(Frontier frontier, ReadFrontier(transaction));
  entry.seq = frontier.size();
  const std::string text = CanonicalJson(entry);
  frontier.Append(LeafHash(text));
  const std::string peaks = frontier.Bytes();
  pipeline::WireBuffer wire;
  const std::vector<pipeline::Cell> row = {
      {"Seq", sql::Value::Int64(static_cast<int64_t>(entry.seq))},
      {"Id", sql::Value::String(entry.id)},
      {"Entry", sql::Value::String(text)},
      {"Peaks", sql::Value::Bytes(peaks)}};
  pipeline::AppendMutationOf(pipeline::MutationKind::kInsert, kTable, row, &wire);
  return std::string(wire.view());
}

absl::Status AuditLog::Write(const Entry& entry) {
  return options_.client
      ->RunTransaction([&](Transaction& transaction) { return AppendMutation(transaction, entry); })
      .status;
}

absl::StatusOr<Checkpoint> AuditLog::LastPublished() {
  Checkpoint last;
  for (const auto& sink : sinks_) {
    KS_ASSIGN_OR_RETURN(const auto note, sink->Newest());
    if (!note) continue;
    KS_ASSIGN_OR_RETURN(Checkpoint found, key_.Open(*note));
    const std::string origin = OriginOf(options_.client->database());
    if (found.origin != origin) return ForeignCheckpoint(found.origin, origin);
    if (found.size > last.size) last = std::move(found);
  }
  return last;
}

// The frontier of what is there, made from the entries after `last`, and only if what stands
// before them is what `last` says.
absl::StatusOr<Frontier> AuditLog::FrontierSince(const Checkpoint& last) {
  const auto from = static_cast<int64_t>(last.size) - 1;  // the last entry that it covers
  Frontier frontier;
  KS_RETURN_IF_ERROR(
      ForEachRow(*options_.client, std::max<int64_t>(from, 0), [&](const Row& row) -> absl::Status {
        KS_ASSIGN_OR_RETURN(const Frontier kept, FrontierOf(row));
        if (row.seq == from) {
          frontier = kept;
          return frontier.Root() == last.root ? absl::OkStatus() : LogWasChanged(last.size);
        }
        if (row.seq != static_cast<int64_t>(frontier.size()))
          return LogOutOfOrder(static_cast<int64_t>(frontier.size()), StrCat(row.seq));
        frontier.Append(LeafHash(row.entry));
        return frontier == kept ? absl::OkStatus() : LogWasChanged(kept.size());
      }));
  if (frontier.size() < last.size) return LogIsShorter(last.size, frontier.size());
  return frontier;
}

absl::Status AuditLog::Sign() {
  KS_ASSIGN_OR_RETURN(const Checkpoint last, LastPublished());
  KS_ASSIGN_OR_RETURN(const Frontier frontier, FrontierSince(last));
  if (frontier.size() == 0) return absl::OkStatus();
  KS_ASSIGN_OR_RETURN(const std::string note, key_.Sign({OriginOf(options_.client->database()),
                                                         frontier.size(), frontier.Root()}));
  const int64_t now = options_.clock->NowNanos();
  for (const auto& sink : sinks_) KS_RETURN_IF_ERROR(sink->Publish(note, now));
  return absl::OkStatus();
}

absl::StatusOr<AuditLog::Step> AuditLog::Begin(Action action, const nlohmann::json& intent) {
  Entry begin = MakeEntry(action, Phase::kIntent);
  begin.details = intent;
  absl::Status recorded = Write(begin);
  if (recorded.ok()) recorded = Sign();
  if (!recorded.ok()) return IntentNotRecorded(recorded);
  Step step;
  step.log_ = this;
  step.action_ = action;
  step.intent_ = begin.id;
  return step;
}

absl::Status AuditLog::End(const Step& step, const absl::Status& result) {
  Entry end = MakeEntry(step.action_, Phase::kResult);
  end.intent = step.intent_;
  end.details = step.result;
  end.result = result;
  absl::Status recorded = Write(end);
  if (recorded.ok()) recorded = Sign();
  return recorded.ok() ? result : ResultNotRecorded(result, recorded);
}

absl::Status AuditLog::Run(Action action, const nlohmann::json& intent, const Body& body) {
  KS_ASSIGN_OR_RETURN(Step step, Begin(action, intent));
  const absl::Status result = body(step);
  return End(step, result);
}

absl::Status AuditLog::Record(Action action, const nlohmann::json& details,
                              const absl::Status& result) {
  Entry entry = MakeEntry(action, Phase::kResult);
  entry.details = details;
  entry.result = result;
  KS_RETURN_IF_ERROR(Write(entry));
  return Sign();
}

absl::Status AuditLog::Open() {
  return Record(Action::kLogOpen, nlohmann::json::object(), absl::OkStatus());
}

absl::Status RunOnRecord(AuditLog* log, Action action, const nlohmann::json& intent,
                         const AuditLog::Body& body) {
  if (log != nullptr) return log->Run(action, intent, body);
  AuditLog::Step step;
  return body(step);
}

absl::StatusOr<bool> CreateAuditTable(spanner::Client& client, spanner::Admin& admin) {
  KS_ASSIGN_OR_RETURN(
      const auto found,
      client.QueryNow("SELECT s.SCHEMA_NAME, t.TABLE_NAME FROM INFORMATION_SCHEMA.SCHEMATA AS s "
                      "LEFT JOIN INFORMATION_SCHEMA.TABLES AS t ON t.TABLE_SCHEMA = s.SCHEMA_NAME "
                      "AND t.TABLE_NAME = 'AuditLog' WHERE s.SCHEMA_NAME = 'kafka_spanner'"));
  std::vector<std::string> statements;
  if (found->rows_size() == 0) statements.emplace_back(kCreateSchema);
  if (found->rows_size() > 0 && found->rows(0).values(1).has_string_value()) return false;
  statements.emplace_back(kCreateTable);
  KS_RETURN_IF_ERROR(admin.UpdateDdl(client.database(), statements));
  return true;
}

absl::Status ReadEntries(
    spanner::Client& client, uint64_t from,
    const std::function<void(uint64_t seq, const std::string& entry)>& consume) {
  return ForEachRow(client, static_cast<int64_t>(from), [&](const Row& row) -> absl::Status {
    consume(static_cast<uint64_t>(row.seq), row.entry);
    return absl::OkStatus();
  });
}

absl::Status ExportEntries(spanner::Client& client,
                           const std::function<void(std::string_view line)>& consume) {
  return ForEachRow(client, 0, [&](const Row& row) -> absl::Status {
    const auto event = EventOf(row.entry);
    // What is no entry any more is exported all the same: verifying has to find it.
    consume(event ? event->dump() : nlohmann::json{{"raw_data", row.entry}}.dump());
    return absl::OkStatus();
  });
}

}  // namespace ks::governance
