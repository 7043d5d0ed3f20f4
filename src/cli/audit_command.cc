// kafka-spanner audit: the record of governed actions. export and sign ask the database; verify and
// prove work on an export and a public key alone.
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/pipeline_file.h"
#include "env/environment.h"
#include "governance/audit/checkpoint_bucket.h"
#include "governance/audit/checkpoint_topic.h"
#include "governance/audit/verifier.h"
#include "governance/errors.h"

namespace ks::cli {
namespace {

using nlohmann::ordered_json;

struct AuditOptions {
  std::string file;  // of the pipeline, or the export
  std::string endpoint;
  std::string key;
  std::vector<std::string> checkpoints;
  std::string topic;  // file that says which
  std::string id;
  uint64_t since = 0;
};

absl::StatusOr<OpenedPipeline> Open(const AuditOptions& options, const GlobalOptions& global) {
  KS_ASSIGN_OR_RETURN(auto log,
                      OpenPipeline(options.file, options.endpoint, global.connection_log.get()));
  if (!log.spec.audit) return governance::NoAuditSection(options.file);
  return log;
}

int RunExport(const AuditOptions& options, const GlobalOptions& global) {
  const auto written = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(const OpenedPipeline log, Open(options, global));
    KS_RETURN_IF_ERROR(governance::ExportEntries(
        *log.connection.client, [](std::string_view line) { std::cout << line << "\n"; }));
    // Beside the entries, where they are at hand: an auditor gets them from where they were
    // published.
    const pipeline::AuditSpec& audit = *log.spec.audit;
    const auto print = [](std::string_view line) {
      std::cout << line << (line.ends_with('\n') ? "" : "\n");
      return absl::OkStatus();
    };
    if (identity::IsBucketPlace(audit.checkpoints)) {
      KS_ASSIGN_OR_RETURN(const auto place, identity::ParseBucketPlace(audit.checkpoints));
      KS_RETURN_IF_ERROR(governance::ReadCheckpointBucket(place, *log.connection.identity, print));
    } else if (!audit.checkpoints.empty()) {
      std::ifstream checkpoints(audit.checkpoints);
      for (std::string line; std::getline(checkpoints, line);) KS_RETURN_IF_ERROR(print(line));
    } else {
      KS_RETURN_IF_ERROR(governance::ReadCheckpointTopic(
          *audit.topic, governance::OriginOf(log.connection.client->database()),
          *log.connection.identity, [&](std::string_view line) { (void)print(line); }));
    }
    if (!std::cout.flush()) return absl::DataLossError("standard output cannot be written to");
    return absl::OkStatus();
  }();
  return written.ok() ? kExitOk : Fail(global, written);
}

int RunSign(const AuditOptions& options, const GlobalOptions& global) {
  const auto is_signed = [&]() -> absl::Status {
    KS_ASSIGN_OR_RETURN(const OpenedPipeline log, Open(options, global));
    KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(log.spec, log.connection));
    return audit->Sign();
  }();
  return is_signed.ok() ? kExitOk : Fail(global, is_signed);
}

// A file, or a place in a bucket.
absl::Status AddFile(const std::string& path, identity::ConnectionLog* log,
                     governance::Verifier* verifier) {
  if (identity::IsBucketPlace(path)) {
    KS_ASSIGN_OR_RETURN(const auto place, identity::ParseBucketPlace(path));
    identity::Services identity({.log = log});
    size_t number = 0;
    return governance::ReadCheckpointBucket(place, identity, [&](std::string_view line) {
      return verifier->AddLine(path, ++number, line);
    });
  }
  std::ifstream file(path);
  if (!file) return absl::InvalidArgumentError(StrCat("cannot read ", path));
  size_t number = 0;
  for (std::string line; std::getline(file, line);)
    KS_RETURN_IF_ERROR(verifier->AddLine(path, ++number, line));
  return absl::OkStatus();
}

// The log's own checkpoints in the topic that `path` names.
absl::Status AddTopic(const std::string& path, identity::ConnectionLog* log,
                      governance::Verifier* verifier) {
  KS_ASSIGN_OR_RETURN(const pipeline::KafkaTopic topic, ReadTopicFile(path));
  identity::Services identity({.log = log});
  absl::Status added;
  size_t found = 0;
  KS_RETURN_IF_ERROR(governance::ReadCheckpointTopic(
      topic, verifier->origin(), identity, [&](std::string_view line) {
        added.Update(verifier->AddLine(StrCat("topic ", topic.topic), ++found, line));
      }));
  if (added.ok() && found == 0) return governance::NoneInTopic(topic.topic, verifier->origin());
  return added;
}

absl::StatusOr<governance::Verifier> Verified(const AuditOptions& options,
                                              identity::ConnectionLog* log) {
  KS_ASSIGN_OR_RETURN(const std::string pem, env::RealEnvironment().ReadFile(options.key));
  KS_ASSIGN_OR_RETURN(auto key, governance::AuditKey::Public(pem, options.key));
  governance::Verifier verifier(std::move(key));
  for (const std::string& path : options.checkpoints)
    KS_RETURN_IF_ERROR(AddFile(path, log, &verifier));
  KS_RETURN_IF_ERROR(AddFile(options.file, log, &verifier));
  if (!options.topic.empty()) KS_RETURN_IF_ERROR(AddTopic(options.topic, log, &verifier));
  KS_RETURN_IF_ERROR(verifier.Finish());
  return verifier;
}

// What was found is the result of the command, not its failure.
int Refuse(const GlobalOptions& global, const absl::Status& status) {
  const int code = Fail(global, status);
  return absl::IsDataLoss(status) ? kExitCheckFailed : code;
}

std::string Base64(const governance::Hash& hash) {
  return absl::Base64Escape({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

ordered_json Base64Of(const governance::Hashes& hashes) {
  ordered_json list = ordered_json::array();
  for (const auto& hash : hashes) list.push_back(Base64(hash));
  return list;
}

int RunVerify(const AuditOptions& options, const GlobalOptions& global) {
  const auto verifier = Verified(options, global.connection_log.get());
  if (!verifier.ok()) return Refuse(global, verifier.status());
  if (global.json) {
    std::cout << ordered_json{{"verified", true},
                              {"log", verifier->last().origin},
                              {"entries", verifier->entries()},
                              {"checkpoints", verifier->checkpoints()},
                              {"root", Base64(verifier->last().root)}}
                     .dump()
              << "\n";
  } else {
    std::cout << "verified: " << verifier->entries() << " entries of " << verifier->last().origin
              << " are what " << verifier->checkpoints() << " signed checkpoints say\n";
  }
  return kExitOk;
}

absl::StatusOr<ordered_json> Proof(const AuditOptions& options, identity::ConnectionLog* log) {
  KS_ASSIGN_OR_RETURN(const auto verifier, Verified(options, log));
  ordered_json proof = {{"checkpoint", verifier.last_note()}, {"size", verifier.last().size}};
  if (options.since > 0) {
    if (options.since > verifier.last().size)
      return governance::NoSuchSize(options.since, verifier.last().size);
    proof["since"] = options.since;
    proof["consistency"] = Base64Of(governance::ConsistencyProof(verifier.leaves(), options.since));
    return proof;
  }
  const auto index = verifier.IndexOf(options.id);
  if (!index) return governance::NoSuchEntry(options.id);
  proof["index"] = *index;
  proof["leaf"] = Base64(verifier.leaves()[*index]);
  proof["inclusion"] = Base64Of(governance::InclusionProof(verifier.leaves(), *index));
  return proof;
}

int RunProve(const AuditOptions& options, const GlobalOptions& global) {
  const auto proof = Proof(options, global.connection_log.get());
  if (!proof.ok()) return Refuse(global, proof.status());
  std::cout << proof->dump(2) << "\n";
  return kExitOk;
}

struct Subcommand {
  const char* name;
  const char* help;
  bool offline;
  int (*run)(const AuditOptions&, const GlobalOptions&);
};
constexpr Subcommand kSubcommands[] = {
    {"export", "every entry as an OCSF event, a line each", false, RunExport},
    {"sign", "sign what is there, and publish the checkpoint", false, RunSign},
    {"verify", "is an export what was signed? Exit code 5: no", true, RunVerify},
    {"prove", "that one entry is in the log, or that the log only grew", true, RunProve},
};

}  // namespace

void AddAuditCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* audit = app.add_subcommand("audit", "the record of governed actions");
  audit->require_subcommand(1);
  audit->footer(
      "Example:  kafka-spanner audit export FILE > log.jsonl\n"
      "          kafka-spanner audit verify log.jsonl --key audit.pub --checkpoints "
      "published.jsonl");
  for (const Subcommand& each : kSubcommands) {
    CLI::App* command = audit->add_subcommand(each.name, each.help);
    auto options = std::make_shared<AuditOptions>();
    if (each.offline) {
      command->add_option("EXPORT", options->file, "what `audit export` wrote")->required();
      command->add_option("--key", options->key, "file of the public key")->required();
      command->add_option("--checkpoints", options->checkpoints,
                          "file of checkpoints as they were published, or gs://BUCKET/PREFIX, "
                          "s3://BUCKET/PREFIX; may be given again");
      command->add_option("--checkpoints-topic", options->topic,
                          "the topic that they were sent to: a file with `kafka: {brokers, topic, "
                          "…}`");
    } else {
      command->add_option("FILE", options->file, "pipeline file")->required();
      command->add_option("--endpoint", options->endpoint, "HOST:PORT of a local Spanner");
    }
    if (each.run == RunProve) {
      CLI::Option* id = command->add_option("ID", options->id, "the entry's id");
      command
          ->add_option("--since", options->since,
                       "prove instead that the log of so many entries is its beginning")
          ->check(CLI::PositiveNumber)
          ->excludes(id);
    }
    OnChosen(*command, global,
             [options, run = each.run, &global] { return run(*options, global); });
  }
}

}  // namespace ks::cli
