// kafka-spanner dlq: dead letters, the rows of kafka_spanner.DeadLetters. list and show read them,
// redrive puts them through the pipeline again, discard deletes them (operations/dead_letters.h).
#include <google/spanner/v1/spanner.pb.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/result_table.h"
#include "cli/row_text.h"
#include "formats/text.h"
#include "operations/dead_letters.h"
#include "operations/errors.h"

namespace ks::cli {
namespace {

using operations::Redriven;
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

int RunList(const DlqOptions& options, const GlobalOptions& global) {
  const auto list = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(const OpenedPipeline letters, Open(options, global));
    KS_ASSIGN_OR_RETURN(
        const auto query,
        operations::LettersQuery(letters.spec.name, options.where,
                                 "Topic, KafkaPartition, KafkaOffset, Stage, Reason, FailedAt",
                                 StrCat(operations::kLettersInOrder, " LIMIT ", options.limit)));
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
        operations::LettersQuery(
            letters.spec.name, options.where,
            "Topic, KafkaPartition, KafkaOffset, RecordTimestamp, Stage, Reason, FailedAt, "
            "Headers, RecordKey, RecordValue",
            StrCat(operations::kLettersInOrder, " LIMIT ", options.limit)));
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

absl::StatusOr<operations::Letters> Choose(const DlqOptions& options,
                                           const operations::Target& target) {
  if (options.all == !options.where.empty()) return operations::WhichLetters();
  return operations::ChooseLetters(target, options.where, 0);
}

nlohmann::json Which(const DlqOptions& options) {
  return {{"where", options.all ? "TRUE" : options.where}};
}

// Dead letters that are gone then, or would be.
absl::StatusOr<int64_t> Discard(const DlqOptions& options, const GlobalOptions& global) {
  KS_ASSIGN_OR_RETURN(const OpenedPipeline opened, Open(options, global));
  const operations::Target target = TargetOn(opened.spec, opened.connection);
  KS_ASSIGN_OR_RETURN(const auto letters, Choose(options, target));
  if (options.dry_run) return operations::CountOf(letters);
  KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(opened.spec, opened.connection));
  int64_t count = 0;
  KS_RETURN_IF_ERROR(governance::RunOnRecord(
      audit.get(), governance::Action::kDiscard, Which(options),
      [&](governance::AuditLog::Step& step) -> absl::Status {
        KS_ASSIGN_OR_RETURN(count, operations::DiscardLetters(target, letters, OnRecord(step)));
        return absl::OkStatus();
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

absl::StatusOr<std::vector<Redriven>> Redrive(const DlqOptions& options,
                                              const GlobalOptions& global) {
  KS_ASSIGN_OR_RETURN(const OpenedPipeline opened, Open(options, global));
  const operations::Target target = TargetOn(opened.spec, opened.connection);
  KS_ASSIGN_OR_RETURN(const auto letters, Choose(options, target));
  std::unique_ptr<governance::AuditLog> audit;
  if (!options.dry_run) {
    KS_ASSIGN_OR_RETURN(audit, OpenAuditLog(opened.spec, opened.connection));
  }
  std::vector<Redriven> redriven;
  KS_RETURN_IF_ERROR(governance::RunOnRecord(audit.get(), governance::Action::kRedrive,
                                             Which(options), [&](governance::AuditLog::Step& step) {
                                               const absl::Status done = operations::RedriveLetters(
                                                   target, letters, options.dry_run, OnRecord(step),
                                                   &redriven);
                                               step.result = operations::ResultsOf(redriven);
                                               return done;
                                             }));
  return redriven;
}

int RunRedrive(const DlqOptions& options, const GlobalOptions& global) {
  const auto redriven = Redrive(options, global);
  if (!redriven.ok()) return Fail(global, redriven.status());
  std::map<std::string_view, int64_t> counts;
  for (const auto name : operations::kRedriveNames) counts[name] = 0;
  nlohmann::ordered_json stay = nlohmann::ordered_json::array();
  TextTable table{
      {"topic", "partition", "offset", "stays", "why"}, {false, true, true, false, false}, {}};
  for (const auto& [partition, letter] : *redriven) {
    const auto name = operations::NameOf(letter.result);
    ++counts[name];
    if (letter.result != RedriveResult::kFailed && letter.result != RedriveResult::kOlder) continue;
    table.rows.push_back({partition.topic, std::to_string(partition.partition.value()),
                          std::to_string(letter.offset), std::string(name), letter.note});
    stay.push_back({{"topic", partition.topic},
                    {"partition", partition.partition.value()},
                    {"offset", letter.offset},
                    {"result", name},
                    {"why", letter.note}});
  }
  if (global.json) {
    nlohmann::ordered_json all = {{"dry_run", options.dry_run}};
    for (const auto name : operations::kRedriveNames) all[std::string(name)] = counts[name];
    all["stay"] = stay;
    std::cout << all.dump(2) << "\n";
  } else {
    if (options.dry_run) std::cout << "a dry run: nothing is changed\n";
    for (const auto name : operations::kRedriveNames) {
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
