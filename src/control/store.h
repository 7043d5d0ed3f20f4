// What the control plane keeps in Spanner, in schema kafka_spanner of its own database: how each
// pipeline should be, who asked for what, who reviewed it, who broke the glass, who is logged in.
//
// Nothing is counted here and nothing cached: a review is a row whose key is its person, and
// whoever acts reads all rows in the transaction that acts. So two that approve or act at once are
// as right as two that do so one after the other. Thread safety: pure functions over a Reader.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "governance/actor.h"
#include "governance/policy/request.h"
#include "spanner/admin.h"
#include "spanner/client.h"

namespace google::spanner::v1 {
class ExecuteSqlRequest;
}

namespace ks::control {

// Queries, inside a transaction or outside.
using Reader =
    std::function<absl::StatusOr<spanner::ResultPtr>(google::spanner::v1::ExecuteSqlRequest)>;
Reader ReaderOf(spanner::Client& client);
Reader ReaderOf(spanner::Client::Transaction& transaction);

struct PipelineRow {
  std::string name;
  std::string file;      // the pipeline file, without its connections
  std::string state;     // running | paused | stopped
  int64_t revision = 0;  // raised by every change: plans of before do not fit any more
  int64_t restarts = 0;
  governance::Actor editor;  // of the file
};

struct RequestRow {
  std::string id;
  std::string pipeline;
  governance::Verb verb = governance::Verb::kSee;
  nlohmann::json options;
  std::string plan;  // canonical JSON, for people to look at
  std::string plan_hash;
  std::string state;  // open | done
  governance::Actor actor;
  int64_t created_nanos = 0;
};

// A person's login in a browser: sessions.h.
struct SessionRow {
  std::string id;              // SHA-256 of the cookie
  governance::Actor actor;     // with the groups of the time of the login
  std::string issuer_session;  // `sid` of the ID token; may be empty
  int64_t created_nanos = 0;
  int64_t expires_nanos = 0;
  std::string name = "";  // of the person, as the issuer has it; kept apart (PersonRow)
};

// What people call a person who signed in: for people to read, and for nothing to decide by.
struct PersonRow {
  governance::Actor actor;
  std::string name;
};

// What a replica sees of a pipeline: sightings.h.
struct SightingRow {
  std::string pipeline;
  std::string replica;
  bool running = false;
  std::string error;
  nlohmann::json seen;
};

// A file that a pipeline has or had.
struct VersionRow {
  int64_t revision = 0;
  std::string file;
  governance::Actor editor;
  int64_t configured_nanos = 0;
};

struct AuditRow {
  int64_t seq = 0;
  std::string entry;  // canonical JSON
};

// An operation that was decided and is done by whichever replica takes it: job_runner.h.
struct JobRow {
  std::string id;
  std::string pipeline;
  governance::Verb verb = governance::Verb::kSee;
  std::string file;         // of the pipeline, as it was planned with
  nlohmann::json effect;    // operations/operation.h
  nlohmann::json progress;  // of the same
  std::string plan_hash;
  std::string state;      // running | done | failed | cancelled
  nlohmann::json result;  // done: numbers by name; failed: {"code": …, "error": text}
  governance::Actor actor;
  int64_t created_nanos = 0;
  std::string held_by;  // the replica that has it
};

struct GlassRow {
  std::string id;
  governance::BrokenGlass glass;
  std::string reason;
  std::string reviewer;  // who looked at it afterwards; empty: nobody yet
};

absl::StatusOr<std::vector<PipelineRow>> ReadPipelines(const Reader& reader);
absl::StatusOr<std::optional<PipelineRow>> ReadPipeline(const Reader& reader,
                                                        std::string_view name);
// The newest first, at most kRequestsListed.
absl::StatusOr<std::vector<RequestRow>> ReadRequests(const Reader& reader);
absl::StatusOr<std::optional<RequestRow>> ReadRequest(const Reader& reader, std::string_view id);
absl::StatusOr<std::vector<governance::Review>> ReadReviews(const Reader& reader,
                                                            std::string_view request);
// Of all that ReadRequests() lists.
using ReviewsByRequest = std::map<std::string, std::vector<governance::Review>>;
absl::StatusOr<ReviewsByRequest> ReadListedReviews(const Reader& reader);
// The newest first, at most kRequestsListed; and all of one subject.
absl::StatusOr<std::vector<GlassRow>> ReadGlass(const Reader& reader);
absl::StatusOr<std::vector<GlassRow>> ReadGlassOf(const Reader& reader, std::string_view subject);
absl::StatusOr<std::optional<GlassRow>> ReadOneGlass(const Reader& reader, std::string_view id);

absl::StatusOr<std::optional<SessionRow>> ReadSession(const Reader& reader, std::string_view id);
// Of one person, the oldest first; expired ones too.
absl::StatusOr<std::vector<SessionRow>> ReadSessionsOf(const Reader& reader,
                                                       const governance::Actor& actor);
// Those that began with one session at the issuer.
absl::StatusOr<std::vector<SessionRow>> ReadIssuerSession(const Reader& reader,
                                                          std::string_view issuer,
                                                          std::string_view issuer_session);
// Who signed in last first, at most kPeopleListed.
absl::StatusOr<std::vector<PersonRow>> ReadPeople(const Reader& reader);

// Of replicas that were here kSightingSeconds ago.
absl::StatusOr<std::vector<SightingRow>> ReadSightings(const Reader& reader);
// The newest first, at most kVersionsListed.
absl::StatusOr<std::vector<VersionRow>> ReadVersions(const Reader& reader,
                                                     std::string_view pipeline);

absl::StatusOr<std::optional<JobRow>> ReadJob(const Reader& reader, std::string_view id);
// Of a pipeline, the newest first, at most kJobsListed.
absl::StatusOr<std::vector<JobRow>> ReadJobs(const Reader& reader, std::string_view pipeline);
// A job that nobody has is `replica`'s for kJobHoldSeconds then, the oldest first; nothing where
// there is none.
absl::StatusOr<std::optional<JobRow>> TakeJob(spanner::Client& client, std::string_view replica);
// A sign of life; false where it is not the replica's any more.
absl::StatusOr<bool> HoldJob(spanner::Client& client, std::string_view id,
                             std::string_view replica);

// The newest first, at most kAuditListed.
absl::StatusOr<std::vector<AuditRow>> ReadAuditEntries(const Reader& reader, int64_t before);
// Of a pipeline's own database: Topic, KafkaPartition, KafkaOffset, Stage, Reason, FailedAt; the
// newest first, at most kDeadLettersListed.
absl::StatusOr<spanner::ResultPtr> ReadDeadLetters(spanner::Client& target,
                                                   std::string_view pipeline);
absl::StatusOr<int64_t> CountDeadLetters(spanner::Client& target, std::string_view pipeline);

// Each appends mutations, as bytes of a commit.
void WritePipeline(const PipelineRow& row, std::string* wire);
void WriteRequest(const RequestRow& row, std::string* wire);  // fails the commit if it is there
void CloseRequest(std::string_view id, std::string* wire);
void WriteReview(std::string_view request, const governance::Review& review, std::string* wire);
void WriteGlass(const GlassRow& row, std::string* wire);
void WriteSighting(const SightingRow& row, std::string* wire);
void WriteVersion(std::string_view pipeline, const VersionRow& row, std::string* wire);
void WriteJob(const JobRow& row, std::string* wire);  // fails the commit if it is there
void WriteJobProgress(const JobRow& row, std::string* wire);
// Its state and its result.
void WriteJobEnd(const JobRow& row, std::string* wire);
// It is nobody's until then, and taken up again.
void WriteJobPause(std::string_view id, int64_t until_nanos, std::string* wire);
void WriteSession(const SessionRow& row, std::string* wire);  // and the person's name
void DeleteSession(std::string_view id, std::string* wire);

// What is missing of the tables.
absl::StatusOr<std::vector<std::string>> MissingDdl(spanner::Client& client);

}  // namespace ks::control
