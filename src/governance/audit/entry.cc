#include "governance/audit/entry.h"

#include "absl/time/time.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "governance/hash.h"
#include "governance/limits.h"
#include "identity/json.h"

namespace ks::governance {
namespace {

using nlohmann::json;

constexpr int kApiActivity = 6003;
constexpr char kLogName[] = "kafka-spanner.audit";
constexpr char kCheckpointLogName[] = "kafka-spanner.audit.checkpoints";

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json DetailsOf(const Entry& entry) {
  const std::string text = Dump(entry.details);
  if (text.size() <= kDetailsBytesMax) return entry.details;
  return {{"bytes", text.size()}, {"sha256", Sha256Hex(text)}};
}

json Metadata(const char* log_name) {
  return {{"version", "1.3.0"},
          {"product", {{"name", "kafka-spanner"}, {"vendor_name", "kafka-spanner"}}},
          {"log_name", log_name}};
}

// Entries come from files that anybody may have edited.
std::string TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

int StatusId(const json& entry) {
  const std::string outcome = TextOf(entry, "outcome");
  return outcome == "success" ? 1 : outcome == "failure" ? 2 : 0;
}

int ActivityOf(std::string_view action) {
  for (const ActionInfo& info : kActions) {
    if (action == info.name) return static_cast<int>(info.activity);
  }
  return 99;  // other
}

}  // namespace

std::string CanonicalJson(const Entry& entry) {
  json object = {{"action", InfoOf(entry.action).name},
                 {"actor", {{"issuer", entry.actor.issuer}, {"subject", entry.actor.subject}}},
                 {"code", CodeOf(entry.action, entry.phase)},
                 {"database", entry.database},
                 {"details", DetailsOf(entry)},
                 {"id", entry.id},
                 {"phase", NameOf(entry.phase)},
                 {"pipeline", entry.pipeline},
                 {"seq", entry.seq},
                 {"time", identity::Rfc3339Of(entry.time_nanos)}};
  if (!entry.intent.empty()) object["intent"] = entry.intent;
  if (entry.result) {
    object["outcome"] = entry.result->ok() ? "success" : "failure";
    if (!entry.result->ok())
      object["error"] = {{"code", absl::StatusCodeToString(entry.result->code())},
                         {"text", std::string(entry.result->message().substr(0, kErrorBytesMax))}};
  }
  return Dump(object);
}

std::optional<json> EventOf(std::string_view text) {
  const json entry = json::parse(text, nullptr, false);
  if (!entry.is_object() || !entry.contains("seq") || !entry["seq"].is_number_unsigned() ||
      !entry.contains("actor") || !entry["actor"].is_object())
    return std::nullopt;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, TextOf(entry, "time"), &time, &error))
    return std::nullopt;
  const int activity = ActivityOf(TextOf(entry, "action"));
  const int status = StatusId(entry);
  json metadata = Metadata(kLogName);
  metadata["uid"] = TextOf(entry, "id");
  metadata["sequence"] = entry["seq"];
  metadata["event_code"] = TextOf(entry, "code");
  const std::string issuer = TextOf(entry["actor"], "issuer");
  json event = {
      {"class_uid", kApiActivity},
      {"category_uid", kApiActivity / 1000},
      {"activity_id", activity},
      {"type_uid", kApiActivity * 100 + activity},
      {"severity_id", status == 2 ? 3 : 1},  // medium, informational
      {"status_id", status},
      {"time", absl::ToUnixMillis(time)},
      {"metadata", metadata},
      {"actor", {{"user", {{"name", TextOf(entry["actor"], "subject")}, {"domain", issuer}}}}},
      {"api", {{"operation", TextOf(entry, "action")}, {"service", {{"name", "kafka-spanner"}}}}},
      {"src_endpoint", {{"name", issuer}}},
      {"resources", json::array({{{"type", "pipeline"}, {"name", TextOf(entry, "pipeline")}},
                                 {{"type", "database"}, {"name", TextOf(entry, "database")}}})},
      {"raw_data", std::string(text)}};
  if (status == 2 && entry.contains("error") && entry["error"].is_object()) {
    event["status_code"] = TextOf(entry["error"], "code");
    event["status_detail"] = TextOf(entry["error"], "text");
  }
  return event;
}

json EventOfCheckpoint(std::string_view note, int64_t time_nanos) {
  return {{"class_uid", 0},
          {"category_uid", 0},
          {"activity_id", 99},
          {"type_uid", 99},
          {"severity_id", 1},
          {"time", time_nanos / env::kNanosPerMilli},
          {"metadata", Metadata(kCheckpointLogName)},
          {"raw_data", std::string(note)}};
}

std::optional<ExportedLine> ParseExportedLine(std::string_view line) {
  ExportedLine parsed;
  parsed.event = json::parse(line, nullptr, false);
  if (!parsed.event.is_object() || !parsed.event.contains("raw_data") ||
      !parsed.event["raw_data"].is_string() || !parsed.event.contains("metadata") ||
      !parsed.event["metadata"].is_object())
    return std::nullopt;
  parsed.raw = parsed.event["raw_data"].get<std::string>();
  parsed.is_checkpoint = TextOf(parsed.event["metadata"], "log_name") == kCheckpointLogName;
  return parsed;
}

}  // namespace ks::governance
