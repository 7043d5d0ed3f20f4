// kafka-spanner verify: recomputes from Kafka what the tables must hold, and compares
// (runtime/verify.h).
#include <CLI/CLI.hpp>
#include <iostream>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/result_table.h"
#include "cli/row_text.h"
#include "operations/topic_reader.h"
#include "pipeline/recompute.h"
#include "runtime/target_reader.h"
#include "runtime/verify.h"

namespace ks::cli {
namespace {

using nlohmann::ordered_json;
using runtime::Difference;
using runtime::VerifyReport;

struct VerifyOptions {
  std::string file;
  std::string endpoint;
  int64_t memory_mib = 0;  // 0: the pipeline's `memory:`
  size_t examples = 5;
};

struct Verified {
  std::string read_timestamp;
  std::vector<VerifyReport> sources;

  bool wrong() const {
    for (const VerifyReport& report : sources) {
      for (const auto& table : report.tables) {
        if (table.wrong()) return true;
      }
    }
    return false;
  }
};

std::string_view KindName(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::kMissing:
      return "missing";
    case Difference::Kind::kExtra:
      return "extra";
    case Difference::Kind::kDifferent:
      return "different";
  }
  return "";
}

// The row as it is expected or, of one too many, as it is; and what it is instead.
ordered_json DifferenceJson(const pipeline::PlannedTable& table, const Difference& difference) {
  ordered_json json = {{"kind", KindName(difference.kind)}};
  if (difference.kind != Difference::Kind::kExtra)
    json["expected"] = RowJson(table, difference.expected);
  if (difference.kind != Difference::Kind::kMissing)
    json["actual"] = RowJson(table, difference.actual);
  const auto names = pipeline::RowColumns(table);
  for (const size_t column : difference.columns) json["columns"].push_back(names[column]);
  return json;
}

std::string Dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void PrintDifference(const pipeline::PlannedTable& table, const Difference& difference) {
  std::cout << "  " << KindName(difference.kind) << "  " << table.spec->name << "  ";
  if (difference.kind != Difference::Kind::kDifferent) {
    const bool missing = difference.kind == Difference::Kind::kMissing;
    std::cout << Dump(RowJson(table, missing ? difference.expected : difference.actual)) << "\n";
    return;
  }
  const auto names = pipeline::RowColumns(table);
  ordered_json key = RowJson(table, difference.actual);
  const ordered_json expected = RowJson(table, difference.expected);
  const ordered_json actual = key;
  for (size_t i = pipeline::RowKeyColumns(table); i < names.size(); ++i) key.erase(names[i]);
  std::cout << Dump(key) << ":";
  for (const size_t column : difference.columns) {
    std::cout << " " << names[column] << " is " << Dump(actual[names[column]]) << ", must be "
              << Dump(expected[names[column]]) << ";";
  }
  std::cout << "\n";
}

void PrintText(const Verified& verified) {
  std::cout << "as of " << verified.read_timestamp << "\n";
  TextTable table{
      {"table", "mode", "equal", "missing", "extra", "different", "not judged", "uncertain"},
      {false, false, true, true, true, true, true, true},
      {}};
  for (const VerifyReport& report : verified.sources) {
    for (const auto& each : report.tables) {
      std::vector<std::string> row = {each.table->spec->name,
                                      std::string(pipeline::ModeName(each.table->mode))};
      for (const int64_t count :
           {each.equal, each.missing, each.extra, each.different, each.unjudged, each.uncertain})
        row.push_back(WithThousands(count));
      table.rows.push_back(std::move(row));
    }
  }
  PrintTable(table, std::cout);
  for (const VerifyReport& report : verified.sources) {
    for (const auto& each : report.tables) {
      for (const Difference& example : each.examples) PrintDifference(*each.table, example);
      for (const std::string& column : each.not_compared)
        std::cout << each.table->spec->name << "." << column
                  << " is not compared: among equals, any value is right\n";
    }
    for (const std::string& limit : report.limits) std::cout << "Not verified: " << limit << "\n";
    if (report.refused > 0)
      std::cout << WithThousands(report.refused)
                << " records are refused by the pipeline file as it is, and are no dead letters "
                   "(discarded, or the file was changed since)\n";
    std::cout << WithThousands(report.records) << " records recomputed in " << report.passes
              << (report.passes == 1 ? " pass, " : " passes, ")
              << WithThousands(report.dead_letters) << " dead letters left out\n";
  }
  std::cout << (verified.wrong() ? "the tables do NOT hold what the topics say\n"
                                 : "the tables hold what the topics say\n");
}

ordered_json ReportJson(const VerifyReport& report) {
  ordered_json json = {{"records", report.records},      {"dead_letters", report.dead_letters},
                       {"refused", report.refused},      {"passes", report.passes},
                       {"limits", report.limits},        {"partitions", ordered_json::array()},
                       {"tables", ordered_json::array()}};
  for (const auto& each : report.partitions) {
    json["partitions"].push_back({{"topic", each.partition.topic},
                                  {"partition", each.partition.partition.value()},
                                  {"from", each.from},
                                  {"to", each.to}});
  }
  for (const auto& each : report.tables) {
    ordered_json table = {{"table", each.table->spec->name},
                          {"mode", pipeline::ModeName(each.table->mode)},
                          {"equal", each.equal},
                          {"missing", each.missing},
                          {"extra", each.extra},
                          {"different", each.different},
                          {"not_judged", each.unjudged},
                          {"uncertain", each.uncertain},
                          {"not_compared", each.not_compared},
                          {"examples", ordered_json::array()}};
    for (const Difference& example : each.examples)
      table["examples"].push_back(DifferenceJson(*each.table, example));
    json["tables"].push_back(std::move(table));
  }
  return json;
}

absl::StatusOr<Verified> VerifyAll(const VerifyOptions& options, const OpenedPipeline& opened,
                                   const pipeline::Plan& plan) {
  Verified verified;
  KS_ASSIGN_OR_RETURN(verified.read_timestamp, runtime::TimestampToRead(*opened.connection.client));
  const int64_t memory =
      options.memory_mib > 0 ? options.memory_mib << 20 : opened.spec.memory_bytes;
  for (size_t i = 0; i < plan.sources.size(); ++i) {
    if (plan.sources[i].tables.empty()) continue;
    KS_ASSIGN_OR_RETURN(const auto reader,
                        operations::KafkaReader(opened.spec, *plan.sources[i].spec, "verify",
                                                *opened.connection.identity));
    KS_ASSIGN_OR_RETURN(
        verified.sources.emplace_back(),
        runtime::Verify(*opened.connection.client, *reader,
                        {&plan, i, verified.read_timestamp, memory, options.examples}));
  }
  return verified;
}

int RunVerify(const VerifyOptions& options, const GlobalOptions& global) {
  const auto opened = OpenPipeline(options.file, options.endpoint, global.connection_log.get());
  if (!opened.ok()) return Fail(global, opened.status());
  const auto plan = runtime::PlanAgainst(*opened->connection.client, opened->spec);
  if (!plan.ok()) return Fail(global, plan.status());
  const auto verified = VerifyAll(options, *opened, *plan);
  if (!verified.ok()) return Fail(global, verified.status());
  if (global.json) {
    ordered_json all = {{"read_timestamp", verified->read_timestamp},
                        {"right", !verified->wrong()},
                        {"sources", ordered_json::array()}};
    for (const VerifyReport& report : verified->sources)
      all["sources"].push_back(ReportJson(report));
    std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    PrintText(*verified);
  }
  return verified->wrong() ? kExitCheckFailed : kExitOk;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command = app.add_subcommand(
      "verify", "recompute the tables from Kafka and compare: missing, extra, different rows");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("FILE", options->file, "pipeline file")->required();
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  command
      ->add_option("--memory", options->memory_mib,
                   "MiB for the rows that are expected (default: the pipeline's `memory:`); more "
                   "rows than fit are compared in several passes")
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--examples", options->examples, "rows shown of each table that differs")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command->footer(
      "Workers may run: all is compared as of one moment. It has to end before Spanner forgets\n"
      "that moment (version_retention_period, an hour unless the database says otherwise).\n"
      "Exit codes: 0 the tables hold what the topics say, 5 they do not, 2 a wrong file,\n"
      "            3 out of reach, 4 the topic was created again");
  OnChosen(*command, global, [options, &global] { return RunVerify(*options, global); });
}

}  // namespace ks::cli
