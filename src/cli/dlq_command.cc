// kafka-spanner dlq: dead letters, the rows of kafka_spanner.DeadLetters. list and show read them,
// redrive puts them through the pipeline again (runtime/redrive.h), discard deletes them.
#include <google/spanner/v1/spanner.pb.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/kafka_reader.h"
#include "cli/pipeline_file.h"
#include "cli/result_table.h"
#include "cli/row_text.h"
#include "formats/text.h"
#include "runtime/redrive.h"
#include "runtime/target_reader.h"
#include "sql/analyzer/analyzer.h"

namespace ks::cli {
namespace {

namespace v1 = google::spanner::v1;
using runtime::RedriveResult;

struct DlqOptions {
  std::string file;
  std::string endpoint;
  std::string where;
  int64_t limit = 100;
  bool all = false;
  bool dry_run = false;
};

absl::StatusOr<OpenedPipeline> Open(const DlqOptions& options, const GlobalOptions& global) {
  return OpenPipeline(options.file, options.endpoint, global.connection_log.get());
}

// --where is one condition over the columns, whatever parentheses are in it.
absl::Status CheckWhere(const std::string& where) {
  using sql::Type;
  const std::vector<sql::NamedColumn> columns = {
      {"Topic", Type::String()},      {"KafkaPartition", Type::Int64()},
      {"KafkaOffset", Type::Int64()}, {"RecordTimestamp", Type::Timestamp()},
      {"RecordKey", Type::Bytes()},   {"RecordValue", Type::Bytes()},
      {"Headers", Type::Json()},      {"Stage", Type::String()},
      {"Reason", Type::String()},     {"FailedAt", Type::Timestamp()}};
  const auto analyzed =
      sql::AnalyzeExpression(where, {.columns = columns, .target = sql::Type::Bool()});
  if (analyzed.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("--where: ", analyzed.status().message(),
             ". It is a condition over Topic, KafkaPartition, KafkaOffset, RecordTimestamp, "
             "RecordKey, RecordValue, Headers, Stage, Reason, FailedAt."));
}

absl::StatusOr<v1::ExecuteSqlRequest> Chosen(const DlqOptions& options,
                                             const pipeline::PipelineSpec& spec,
                                             const std::string& select, const std::string& end) {
  if (!options.where.empty()) KS_RETURN_IF_ERROR(CheckWhere(options.where));
  v1::ExecuteSqlRequest request;
  request.set_sql(StrCat(select, " FROM kafka_spanner.DeadLetters WHERE Pipeline = @pipeline",
                         options.where.empty() ? "" : StrCat(" AND (", options.where, "\n)"), end));
  (*request.mutable_params()->mutable_fields())["pipeline"].set_string_value(spec.name);
  (*request.mutable_param_types())["pipeline"].set_code(v1::STRING);
  return request;
}

constexpr char kInOrder[] = " ORDER BY Topic, KafkaPartition, KafkaOffset";

int RunList(const DlqOptions& options, const GlobalOptions& global) {
  const auto list = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(const OpenedPipeline letters, Open(options, global));
    KS_ASSIGN_OR_RETURN(const auto query,
                        Chosen(options, letters.spec,
                               "SELECT Topic, KafkaPartition, KafkaOffset, Stage, Reason, FailedAt",
                               StrCat(kInOrder, " LIMIT ", options.limit)));
    KS_ASSIGN_OR_RETURN(const auto rows, letters.connection.client->QueryNow(query));
    PrintResult(*rows, global.json ? RowFormat::kJson : RowFormat::kTable, std::cout);
    if (rows->rows_size() == options.limit) std::cerr << "there may be more: --limit\n";
    return absl::OkStatus();
  }();
  return list.ok() ? kExitOk : Fail(global, list);
}

// A cell of BYTES.
std::string Readable(const google::protobuf::Value& value) {
  if (!value.has_string_value()) return "none";
  std::string bytes(value.string_value().size(), '\0');
  size_t size = 0;
  (void)formats::DecodeBase64(value.string_value(), bytes.data(), &size);
  return ReadableBytes(std::string_view(bytes).substr(0, size));
}

int RunShow(const DlqOptions& options, const GlobalOptions& global) {
  const auto show = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(const OpenedPipeline letters, Open(options, global));
    KS_ASSIGN_OR_RETURN(
        const auto query,
        Chosen(options, letters.spec,
               "SELECT Topic, KafkaPartition, KafkaOffset, RecordTimestamp, Stage, Reason, "
               "FailedAt, Headers, RecordKey, RecordValue",
               StrCat(kInOrder, " LIMIT ", options.limit)));
    KS_ASSIGN_OR_RETURN(const auto rows, letters.connection.client->QueryNow(query));
    if (global.json) {
      PrintResult(*rows, RowFormat::kJson, std::cout);
      return absl::OkStatus();
    }
    for (const auto& row : rows->rows()) {
      const auto text = [&](int i) {
        return row.values(i).has_string_value() ? row.values(i).string_value() : "none";
      };
      std::cout << text(0) << "/" << text(1) << "@" << text(2) << "\n  record time  " << text(3)
                << "\n  stage        " << text(4) << "\n  reason       " << text(5)
                << "\n  failed at    " << text(6) << "\n  headers      " << text(7)
                << "\n  key          " << Readable(row.values(8)) << "\n  value        "
                << Readable(row.values(9)) << "\n\n";
    }
    return absl::OkStatus();
  }();
  return show.ok() ? kExitOk : Fail(global, show);
}

absl::Status ChooseSome(const DlqOptions& options) {
  if (options.all != !options.where.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("say which: --where SQL, or --all");
}

nlohmann::json OnRecord(const DlqOptions& options) {
  return {{"where", options.all ? "TRUE" : options.where}};
}

// Dead letters that are gone then, or would be.
absl::StatusOr<int64_t> Discard(const DlqOptions& options, const GlobalOptions& global) {
  KS_RETURN_IF_ERROR(ChooseSome(options));
  KS_ASSIGN_OR_RETURN(const OpenedPipeline letters, Open(options, global));
  int64_t count = 0;
  if (options.dry_run) {
    KS_ASSIGN_OR_RETURN(const auto counting, Chosen(options, letters.spec, "SELECT COUNT(*)", ""));
    KS_ASSIGN_OR_RETURN(const auto rows, letters.connection.client->QueryNow(counting));
    (void)absl::SimpleAtoi(rows->rows(0).values(0).string_value(), &count);
    return count;
  }
  KS_ASSIGN_OR_RETURN(const auto deleting, Chosen(options, letters.spec, "DELETE", ""));
  KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(letters.spec, letters.connection));
  KS_RETURN_IF_ERROR(governance::RunOnRecord(
      audit.get(), governance::Action::kDiscard, OnRecord(options),
      [&](governance::AuditLog::Step& step) {
        return letters.connection.client
            ->RunTransaction(
                [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
                  KS_ASSIGN_OR_RETURN(count, transaction.Execute(deleting));
                  std::string wire;
                  KS_RETURN_IF_ERROR(step.Append(transaction, {{"letters", count}}, &wire));
                  return wire;
                })
            .status;
      }));
  return count;
}

int RunDiscard(const DlqOptions& options, const GlobalOptions& global) {
  const auto count = Discard(options, global);
  if (!count.ok()) return Fail(global, count.status());
  if (global.json) {
    std::cout << nlohmann::ordered_json{{"discarded", options.dry_run ? 0 : *count},
                                        {"chosen", *count}}
                     .dump()
              << "\n";
  } else {
    std::cout << (options.dry_run ? "would discard " : "discarded ") << *count << " dead letters\n";
  }
  return kExitOk;
}

// ---- Redrive

constexpr std::string_view kResultNames[] = {"written", "skipped", "failed", "older", "gone"};

struct Outcome {
  kafka::TopicPartition partition;
  runtime::Redriven redriven;
};

using ByPartition = std::map<kafka::TopicPartition, std::vector<int64_t>>;

absl::StatusOr<ByPartition> ChosenOffsets(const DlqOptions& options,
                                          const OpenedPipeline& letters) {
  KS_ASSIGN_OR_RETURN(
      const auto query,
      Chosen(options, letters.spec, "SELECT Topic, KafkaPartition, KafkaOffset", kInOrder));
  KS_ASSIGN_OR_RETURN(const auto rows, letters.connection.client->QueryNow(query));
  ByPartition chosen;
  for (const auto& row : rows->rows()) {
    int32_t partition = 0;
    int64_t offset = 0;
    (void)absl::SimpleAtoi(row.values(1).string_value(), &partition);
    (void)absl::SimpleAtoi(row.values(2).string_value(), &offset);
    chosen[{row.values(0).string_value(), PartitionId(partition)}].push_back(offset);
  }
  return chosen;
}

absl::Status RedrivePartitions(const DlqOptions& options, const OpenedPipeline& letters,
                               governance::AuditLog::Step* step, std::vector<Outcome>* outcomes) {
  KS_ASSIGN_OR_RETURN(const auto plan,
                      runtime::PlanAgainst(*letters.connection.client, letters.spec));
  KS_ASSIGN_OR_RETURN(const auto chosen, ChosenOffsets(options, letters));
  for (const auto& [partition, offsets] : chosen) {
    std::string topic = partition.topic;
    KS_ASSIGN_OR_RETURN(const auto* source, SourceOfTopic(letters.spec, &topic));
    KS_ASSIGN_OR_RETURN(const auto kafka, KafkaReader(letters.spec, *source, "redrive",
                                                      *letters.connection.identity));
    const auto index = static_cast<size_t>(source - letters.spec.sources.data());
    const auto on_record = [&, &partition = partition](spanner::Client::Transaction& transaction,
                                                       const std::vector<int64_t>& done,
                                                       std::string* wire) {
      return step->Append(transaction,
                          {{"topic", partition.topic},
                           {"partition", partition.partition.value()},
                           {"offsets", done}},
                          wire);
    };
    KS_ASSIGN_OR_RETURN(
        const auto results,
        runtime::Redrive(*letters.connection.client, *kafka,
                         {&plan, index, partition, options.dry_run, on_record}, offsets));
    for (const auto& result : results) {
      outcomes->push_back({partition, result});
      auto& count = step->result[std::string(kResultNames[static_cast<size_t>(result.result)])];
      count = (count.is_null() ? 0 : count.get<int64_t>()) + 1;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Outcome>> RedriveChosen(const DlqOptions& options,
                                                   const GlobalOptions& global) {
  KS_RETURN_IF_ERROR(ChooseSome(options));
  KS_ASSIGN_OR_RETURN(const OpenedPipeline letters, Open(options, global));
  std::unique_ptr<governance::AuditLog> audit;
  if (!options.dry_run) {
    KS_ASSIGN_OR_RETURN(audit, OpenAuditLog(letters.spec, letters.connection));
  }
  std::vector<Outcome> outcomes;
  KS_RETURN_IF_ERROR(
      governance::RunOnRecord(audit.get(), governance::Action::kRedrive, OnRecord(options),
                              [&](governance::AuditLog::Step& step) {
                                return RedrivePartitions(options, letters, &step, &outcomes);
                              }));
  return outcomes;
}

int RunRedrive(const DlqOptions& options, const GlobalOptions& global) {
  const auto outcomes = RedriveChosen(options, global);
  if (!outcomes.ok()) return Fail(global, outcomes.status());
  std::map<std::string_view, int64_t> counts;
  for (const auto name : kResultNames) counts[name] = 0;
  nlohmann::ordered_json stay = nlohmann::ordered_json::array();
  TextTable table{
      {"topic", "partition", "offset", "stays", "why"}, {false, true, true, false, false}, {}};
  for (const auto& [partition, redriven] : *outcomes) {
    const auto name = kResultNames[static_cast<size_t>(redriven.result)];
    ++counts[name];
    if (redriven.result != RedriveResult::kFailed && redriven.result != RedriveResult::kOlder)
      continue;
    table.rows.push_back({partition.topic, std::to_string(partition.partition.value()),
                          std::to_string(redriven.offset), std::string(name), redriven.note});
    stay.push_back({{"topic", partition.topic},
                    {"partition", partition.partition.value()},
                    {"offset", redriven.offset},
                    {"result", name},
                    {"why", redriven.note}});
  }
  if (global.json) {
    nlohmann::ordered_json all = {{"dry_run", options.dry_run}};
    for (const auto name : kResultNames) all[std::string(name)] = counts[name];
    all["stay"] = stay;
    std::cout << all.dump(2) << "\n";
  } else {
    if (options.dry_run) std::cout << "a dry run: nothing is changed\n";
    for (const auto name : kResultNames) {
      if (counts[name] > 0)
        std::cout << "  " << name << "  " << WithThousands(counts[name]) << "\n";
    }
    if (!table.rows.empty()) PrintTable(table, std::cout);
  }
  return table.rows.empty() ? kExitOk : kExitStoppedOnData;
}

CLI::App* AddOne(CLI::App& dlq, const char* name, const char* help,
                 int (*run)(const DlqOptions&, const GlobalOptions&), DlqOptions** made,
                 GlobalOptions& global) {
  CLI::App* command = dlq.add_subcommand(name, help);
  auto options = std::make_shared<DlqOptions>();
  command->add_option("FILE", options->file, "pipeline file")->required();
  command->add_option("--where", options->where,
                      "only those for which this holds: SQL over the columns of "
                      "kafka_spanner.DeadLetters");
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  OnChosen(*command, global, [options, run, &global] { return run(*options, global); });
  *made = options.get();
  return command;
}

}  // namespace

void AddDlqCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* dlq = app.add_subcommand("dlq", "dead letters: see them, redrive them, discard them");
  dlq->require_subcommand(1);
  dlq->footer("Example:  kafka-spanner dlq redrive FILE --where \"Stage = 'assert'\"");
  DlqOptions* options = nullptr;
  for (const bool whole : {false, true}) {
    CLI::App* command =
        whole ? AddOne(*dlq, "show", "with their bytes and headers", RunShow, &options, global)
              : AddOne(*dlq, "list", "where they come from, and why", RunList, &options, global);
    command->add_option("--limit", options->limit, "at most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 1'000'000));
  }
  CLI::App* redrive = AddOne(*dlq, "redrive", "through the pipeline as it is now, exactly once",
                             RunRedrive, &options, global);
  redrive->add_flag("--all", options->all, "all of the pipeline's");
  redrive->add_flag("--dry-run", options->dry_run, "only say what would become of them");
  redrive->footer(
      "Exit codes: 0 none is left of those chosen, 4 some stay: they fail again, or a "
      "newer record\n            of their key is in the tables");
  CLI::App* discard =
      AddOne(*dlq, "discard", "delete them: their records are lost", RunDiscard, &options, global);
  discard->add_flag("--all", options->all, "all of the pipeline's");
  discard->add_flag("--dry-run", options->dry_run, "only say how many");
}

}  // namespace ks::cli
