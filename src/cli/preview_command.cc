// kafka-spanner preview: the first records of a real topic through a pipeline. Writes nothing,
// joins no group, commits no offsets.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <set>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "cli/result_table.h"
#include "cli/row_text.h"
#include "kafka/partition_scan.h"
#include "operations/topic_reader.h"
#include "pipeline/recompute.h"
#include "runtime/message_records.h"
#include "runtime/target_reader.h"

namespace ks::cli {
namespace {

using google::protobuf::ListValue;
using nlohmann::ordered_json;

struct PreviewOptions {
  std::string file;
  std::string endpoint;
  std::string topic;
  std::string from = "earliest";
  int partition = -1;  // -1: all
  int64_t limit = 20;
  bool offline = false;
};

constexpr int64_t kPreviewRecordsMax = 10'000;
constexpr size_t kExcerptBytes = 200;

// Where a record stands.
struct Place {
  int32_t partition = 0;
  int64_t offset = 0;
  auto operator<=>(const Place&) const = default;
};

struct ShownRow {
  Place place;
  bool remove = false;
  ListValue values;
};

struct ShownTable {
  const pipeline::PlannedTable* plan = nullptr;
  std::vector<ShownRow> rows;  // of aggregates: groups, which have no place
};

struct Refused {
  Place place;
  pipeline::RecordVerdict verdict = pipeline::RecordVerdict::kDeadLetter;
  pipeline::RecordFailure failure;
  std::string key, value;
};

struct Preview {
  std::string topic;
  int64_t records = 0;
  int64_t unwanted = 0;  // no table wants them
  std::vector<ShownTable> tables;
  std::vector<Refused> refused;
};

std::string_view Becomes(pipeline::RecordVerdict verdict) {
  switch (verdict) {
    case pipeline::RecordVerdict::kSkip:
      return "skipped";
    case pipeline::RecordVerdict::kStop:
      return "stops the pipeline";
    default:
      return "dead letter";
  }
}

// An excerpt of a record's bytes on one line.
std::string Excerpt(std::string_view bytes) {
  if (bytes.data() == nullptr) return "none";
  std::string text = ReadableBytes(bytes);
  if (text.size() <= kExcerptBytes) return text;
  size_t end = kExcerptBytes;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;  // not inside a character
  return text.substr(0, end) + "…";
}

void Show(const pipeline::Records& records, pipeline::Recompute& recompute, Preview* preview) {
  const auto place = [&](uint32_t record) {
    return Place{records.partition, records.offsets[record]};
  };
  recompute.Run(records, [&](const pipeline::GivenRow& row) {
    preview->tables[row.table].rows.push_back(
        {place(row.record), row.remove, pipeline::RowValues(row.key, row.rest)});
  });
  const auto verdicts = recompute.transform().verdicts();
  for (uint32_t i = 0; i < records.size(); ++i) {
    if (verdicts[i] == pipeline::RecordVerdict::kOk && !recompute.gave(i)) ++preview->unwanted;
  }
  for (const auto& failure : recompute.transform().failures()) {
    preview->refused.push_back({place(failure.record), verdicts[failure.record], failure,
                                Excerpt(records.keys[failure.record]),
                                Excerpt(records.values[failure.record])});
  }
  preview->records += static_cast<int64_t>(records.size());
}

// What the records together leave of aggregates, and everything in the order of the topic.
void Finish(const pipeline::Recompute& recompute, Preview* preview) {
  for (size_t i = 0; i < preview->tables.size(); ++i) {
    ShownTable& table = preview->tables[i];
    if (table.plan->aggregate) {
      recompute.Groups(i, [&](std::string_view key, std::string_view states) {
        table.rows.push_back({{}, false, pipeline::RowValues(key, states)});
      });
    }
    std::stable_sort(table.rows.begin(), table.rows.end(),
                     [](const ShownRow& a, const ShownRow& b) { return a.place < b.place; });
  }
}

// The share of each partition goes to those after it where it has fewer records.
absl::Status Read(const PreviewOptions& options, kafka::Consumer& reader,
                  pipeline::Recompute& recompute, Preview* preview) {
  KS_ASSIGN_OR_RETURN(const auto topic, kafka::DescribeTopic(reader.handle(), preview->topic));
  KS_ASSIGN_OR_RETURN(const auto partitions,
                      operations::ChoosePartitions(topic, options.partition));
  KS_ASSIGN_OR_RETURN(const operations::Ends ends, operations::EndsOf(reader.handle(), partitions));
  KS_ASSIGN_OR_RETURN(const auto begin,
                      operations::ResolvePosition(reader.handle(), ends, "--from", options.from));
  runtime::MessageRecords chunk;
  auto left = static_cast<int64_t>(partitions.size());
  for (const auto& partition : partitions) {
    int64_t share = (options.limit - preview->records + left - 1) / left;
    --left;
    const Offset low = ends.low.at(partition);
    const Offset high = ends.high.at(partition);
    Offset from = begin.at(partition);
    if (options.from == "latest") from = std::max(low, Offset(high.value() - share));
    if (share == 0) continue;
    KS_RETURN_IF_ERROR(kafka::ScanPartition(
        reader, partition, from, high, [&](const std::vector<kafka::MessageView>& messages) {
          for (size_t i = 0; i < messages.size() && share > 0;) {
            chunk.Clear();
            for (size_t n = 0; n < pipeline::kTransformRecordsMax && i < messages.size(); ++n) {
              if (share == 0) break;
              chunk.Add(messages[i++]);
              --share;
            }
            Show(chunk.records(), recompute, preview);
          }
          return share > 0;
        }));
  }
  return absl::OkStatus();
}

absl::StatusOr<pipeline::Plan> PlanFor(const PreviewOptions& options,
                                       const OpenedPipeline& opened) {
  if (options.offline) return pipeline::MakePlan(opened.spec, nullptr);
  return runtime::PlanAgainst(*opened.connection.client, opened.spec);
}

void PrintRows(const ShownTable& shown, const std::string& topic) {
  const auto& plan = *shown.plan;
  const bool groups = plan.aggregate.has_value();
  const auto types = pipeline::RowTypes(plan);
  std::cout << plan.spec->name << " (" << pipeline::ModeName(plan.mode) << ")";
  if (groups) std::cout << ": what these records alone would add to " << plan.target.name;
  std::cout << "\n";
  if (shown.rows.empty()) {
    std::cout << "no rows\n\n";
    return;
  }
  TextTable table;
  if (!groups) table = {{"record", "write"}, {false, false}, {}};
  for (const std::string& name : pipeline::RowColumns(plan)) {
    table.names.push_back(name);
    table.numeric.push_back(false);
  }
  for (const ShownRow& row : shown.rows) {
    std::vector<std::string> cells;
    if (!groups) {
      cells = {StrCat(topic, "/", row.place.partition, "@", row.place.offset),
               row.remove                                  ? "delete"
               : plan.mode == pipeline::TableMode::kAppend ? "insert"
                                                           : "set"};
    }
    for (int i = 0; i < row.values.values_size(); ++i)
      cells.push_back(OneLine(CellText(types[static_cast<size_t>(i)], row.values.values(i))));
    cells.resize(table.names.size());
    table.rows.push_back(std::move(cells));
  }
  PrintTable(table, std::cout);
  std::cout << "\n";
}

void PrintText(const Preview& preview) {
  for (const ShownTable& table : preview.tables) PrintRows(table, preview.topic);
  if (!preview.refused.empty()) {
    std::cout << "Not written:\n";
    TextTable table{{"record", "becomes", "stage", "why", "key", "value"},
                    {false, false, false, false, false, false},
                    {}};
    for (const Refused& each : preview.refused) {
      table.rows.push_back(
          {StrCat(preview.topic, "/", each.place.partition, "@", each.place.offset),
           std::string(Becomes(each.verdict)), std::string(pipeline::StageName(each.failure.stage)),
           OneLine(each.failure.reason), OneLine(each.key), OneLine(each.value)});
    }
    PrintTable(table, std::cout);
    std::cout << "\n";
  }
  std::cout << WithThousands(preview.records) << (preview.records == 1 ? " record" : " records")
            << " read, " << WithThousands(preview.unwanted) << " that no table wants, "
            << WithThousands(static_cast<int64_t>(preview.refused.size()))
            << " refused; nothing was written\n";
}

void PrintJson(const Preview& preview) {
  ordered_json all = {{"topic", preview.topic},
                      {"records", preview.records},
                      {"unwanted", preview.unwanted},
                      {"tables", ordered_json::array()},
                      {"refused", ordered_json::array()}};
  for (const ShownTable& shown : preview.tables) {
    const auto& plan = *shown.plan;
    ordered_json table = {{"table", plan.spec->name},
                          {"mode", pipeline::ModeName(plan.mode)},
                          {"rows", ordered_json::array()}};
    for (const ShownRow& row : shown.rows) {
      ordered_json each = ordered_json::object();
      if (!plan.aggregate) {
        each = {{"partition", row.place.partition},
                {"offset", row.place.offset},
                {"delete", row.remove}};
      }
      each["row"] = RowJson(plan, row.values);
      table["rows"].push_back(std::move(each));
    }
    all["tables"].push_back(std::move(table));
  }
  for (const Refused& each : preview.refused) {
    all["refused"].push_back({{"partition", each.place.partition},
                              {"offset", each.place.offset},
                              {"becomes", Becomes(each.verdict)},
                              {"stage", pipeline::StageName(each.failure.stage)},
                              {"why", each.failure.reason},
                              {"key", each.key},
                              {"value", each.value}});
  }
  std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

int RunPreview(const PreviewOptions& options, const GlobalOptions& global) {
  const auto shown = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(const OpenedPipeline opened,
                        OpenPipeline(options.file, options.endpoint, global.connection_log.get()));
    Preview preview{.topic = options.topic};
    KS_ASSIGN_OR_RETURN(const auto* source, operations::SourceOfTopic(opened.spec, &preview.topic));
    const auto index = static_cast<size_t>(source - opened.spec.sources.data());
    KS_ASSIGN_OR_RETURN(const pipeline::Plan plan, PlanFor(options, opened));
    KS_ASSIGN_OR_RETURN(const auto reader, operations::KafkaReader(opened.spec, *source, "preview",
                                                                   *opened.connection.identity));
    KS_ASSIGN_OR_RETURN(const auto recompute, pipeline::Recompute::Create(plan, index));
    for (const auto& table : plan.sources[index].tables) preview.tables.push_back({&table, {}});
    KS_RETURN_IF_ERROR(Read(options, *reader, *recompute, &preview));
    Finish(*recompute, &preview);
    if (global.json) {
      PrintJson(preview);
    } else {
      PrintText(preview);
    }
    return absl::OkStatus();
  }();
  return shown.ok() ? kExitOk : Fail(global, shown);
}

}  // namespace

void AddPreviewCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command = app.add_subcommand(
      "preview", "records of a real topic through a pipeline, shown and not written");
  auto options = std::make_shared<PreviewOptions>();
  command->add_option("FILE", options->file, "pipeline file")->required();
  command->add_option("--limit", options->limit, "records to read, evenly of the partitions")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, kPreviewRecordsMax));
  command
      ->add_option("--from", options->from,
                   "an offset, earliest, a time, or latest: the last records there are")
      ->capture_default_str();
  command->add_option("--topic", options->topic, "where the pipeline reads several");
  command->add_option("--partition", options->partition, "one partition (default: all)");
  command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
  command->add_flag("--offline", options->offline,
                    "do not ask the database: the tables are those that `plan --ddl` would make");
  command->footer(
      "Joins no group and commits no offsets: workers that run do not notice.\n"
      "What only Spanner refuses (constraints, a row that exists) is not seen here.");
  OnChosen(*command, global, [options, &global] { return RunPreview(*options, global); });
}

}  // namespace ks::cli
