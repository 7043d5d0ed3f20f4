// kafka-spanner init: looks at a topic and proposes a pipeline file, which `plan` accepts.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/init/proposal.h"
#include "cli/pipeline_file.h"
#include "kafka/partition_scan.h"
#include "operations/topic_reader.h"
#include "pipeline/ddl.h"
#include "pipeline/plan.h"

namespace ks::cli {
namespace {

struct InitOptions {
  std::string topic;
  std::string brokers;
  std::string registry;
  std::string database = "projects/PROJECT/instances/INSTANCE/databases/DATABASE";
  std::string out;
  int64_t records = 200;
};

using Samples = std::vector<std::optional<std::string>>;

std::optional<std::string> Owned(std::optional<std::string_view> bytes) {
  if (!bytes) return std::nullopt;
  return std::string(*bytes);
}

// The last records, evenly of the partitions.
absl::Status Look(const InitOptions& options, kafka::Consumer& reader, Samples* keys,
                  Samples* values) {
  KS_ASSIGN_OR_RETURN(const auto topic, kafka::DescribeTopic(reader.handle(), options.topic));
  KS_ASSIGN_OR_RETURN(const auto partitions, operations::ChoosePartitions(topic, -1));
  KS_ASSIGN_OR_RETURN(const operations::Ends ends, operations::EndsOf(reader.handle(), partitions));
  auto left = static_cast<int64_t>(partitions.size());
  for (const auto& partition : partitions) {
    const auto taken = static_cast<int64_t>(values->size());
    const int64_t share = (options.records - taken + left - 1) / left;
    --left;
    const Offset high = ends.high.at(partition);
    const Offset from = std::max(ends.low.at(partition), Offset(high.value() - share));
    KS_RETURN_IF_ERROR(kafka::ScanPartition(reader, partition, from, high,
                                            [&](const std::vector<kafka::MessageView>& messages) {
                                              for (const kafka::MessageView& message : messages) {
                                                keys->push_back(Owned(message.key()));
                                                values->push_back(Owned(message.value()));
                                              }
                                              return true;
                                            }));
  }
  const bool some = std::any_of(values->begin(), values->end(),
                                [](const auto& value) { return value.has_value(); });
  if (some) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("topic ", options.topic, " has no record with a value: nothing to guess from"));
}

// What a registry's serializer wrote needs the registry, which also knows the kind of schema.
absl::Status AskRegistry(const InitOptions& options, std::string_view part, GuessedPart* guessed,
                         identity::ConnectionLog* log) {
  if (!guessed->framed) return absl::OkStatus();
  if (options.registry.empty())
    return absl::InvalidArgumentError(StrCat(
        "each ", part, " of topic ", options.topic,
        " begins with the number of a schema: say where the registry is with --registry URL"));
  if (guessed->format != "avro") return absl::OkStatus();  // JSON, whose schema is not asked for
  KS_ASSIGN_OR_RETURN(const auto store, OpenRegistryAt(options.registry, log));
  KS_ASSIGN_OR_RETURN(const auto schema, store->Latest(StrCat(options.topic, "-", part)));
  guessed->format = schema->type == "PROTOBUF" ? "protobuf" : "avro";
  return absl::OkStatus();
}

// The file that `plan` accepts, or the reason why it would not.
absl::StatusOr<std::string> Checked(const Proposal& proposal, std::vector<std::string>* ddl,
                                    identity::ConnectionLog* log) {
  KS_ASSIGN_OR_RETURN(const auto first,
                      ParsePipelineFile("init.yaml", PipelineText(proposal, {}), log));
  std::vector<std::string> columns;
  for (const auto* part : {&first.sources[0].key, &first.sources[0].value}) {
    for (const auto& field : part->columns) {
      const bool known = std::find(columns.begin(), columns.end(), field.name) != columns.end();
      if (!known && !field.name.starts_with("_")) columns.push_back(field.name);
    }
  }
  std::string text = PipelineText(proposal, columns);
  KS_ASSIGN_OR_RETURN(const auto spec, ParsePipelineFile("init.yaml", text, log));
  KS_ASSIGN_OR_RETURN(const auto plan, pipeline::MakePlan(spec, nullptr));
  *ddl = pipeline::TablesDdl(plan);
  return text;
}

absl::StatusOr<std::string> Propose(const InitOptions& options, std::vector<std::string>* ddl,
                                    identity::ConnectionLog* log) {
  identity::Services services({.log = log});
  pipeline::PipelineSpec spec{.name = options.topic};
  pipeline::SourceSpec source{.brokers = options.brokers};
  KS_ASSIGN_OR_RETURN(const auto reader, operations::KafkaReader(spec, source, "init", services));
  Samples keys;
  Samples values;
  KS_RETURN_IF_ERROR(Look(options, *reader, &keys, &values));
  Proposal proposal{.topic = options.topic,
                    .brokers = options.brokers,
                    .database = options.database,
                    .registry = options.registry,
                    .records = static_cast<int64_t>(values.size()),
                    .key = GuessPart(keys),
                    .value = GuessPart(values)};
  KS_RETURN_IF_ERROR(AskRegistry(options, "key", &proposal.key, log));
  KS_RETURN_IF_ERROR(AskRegistry(options, "value", &proposal.value, log));
  if (!proposal.key.format.empty() && proposal.key.fields.empty())
    proposal.key.fields = {{KeyColumnName(keys, values), "", ""}};
  return Checked(proposal, ddl, log);
}

int RunInit(const InitOptions& options, const GlobalOptions& global) {
  if (!options.out.empty() && std::filesystem::exists(options.out))
    return Fail(global, absl::InvalidArgumentError(
                            StrCat(options.out, " is there already, and init overwrites nothing")));
  std::vector<std::string> ddl;
  auto text = Propose(options, &ddl, global.connection_log.get());
  if (!text.ok()) return Fail(global, text.status());
  if (global.json) {
    std::cout << nlohmann::ordered_json{{"pipeline", *text}, {"ddl", ddl}}.dump(2) << "\n";
  } else {
    *text += "\n# The table that `plan --apply` would make:\n";
    for (const std::string& statement : ddl) {
      *text += "#   ";
      for (const char c : statement) *text += c == '\n' ? std::string("\n#   ") : std::string(1, c);
      *text += "\n";
    }
    if (options.out.empty()) std::cout << *text;
  }
  if (options.out.empty()) return kExitOk;
  if (!(std::ofstream(options.out) << *text).flush())
    return Fail(global, absl::InvalidArgumentError(StrCat("cannot write ", options.out)));
  std::cerr << "wrote " << options.out << "; look at it with `kafka-spanner preview " << options.out
            << "`\n";
  return kExitOk;
}

}  // namespace

void AddInitCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command =
      app.add_subcommand("init", "look at a topic and propose a pipeline file for it");
  auto options = std::make_shared<InitOptions>();
  command->add_option("--topic", options->topic, "the topic")->required();
  command->add_option("--brokers", options->brokers, "HOST:PORT of Kafka")->required();
  command->add_option("--registry", options->registry,
                      "URL of the schema registry, where messages begin with a schema's number");
  command->add_option("--database", options->database, "projects/…/instances/…/databases/…");
  command->add_option("--records", options->records, "how many of the last records to look at")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  command->add_option("--out", options->out, "the file to write (default: standard output)");
  command->footer(
      "Kafka and registries with a login: propose from a copy without, or write `tls:`, `sasl:`\n"
      "and the registry's by hand (docs/guide/identity.md).");
  OnChosen(*command, global, [options, &global] { return RunInit(*options, global); });
}

}  // namespace ks::cli
