// CREATE, ALTER and DROP CHANGE STREAM. What is watched is validated in schema/validate.cc.
// Source: https://cloud.google.com/spanner/docs/change-streams/manage
#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "local/spanner/ddl/handlers.h"
#include "local/spanner/limits.h"
#include "local/spanner/schema/ddl_errors.h"
#include "local/spanner/schema/duration.h"
#include "local/spanner/schema/validate.h"
#include "local/spanner/txn/core.h"

namespace ks::local {
namespace {

constexpr std::array<std::string_view, 4> kCaptureTypes = {"OLD_AND_NEW_VALUES", "NEW_ROW",
                                                           "NEW_VALUES", "NEW_ROW_AND_OLD_VALUES"};

ChangeStream* EditStream(Schema& schema, std::string_view name) {
  for (ChangeStream& stream : schema.change_streams) {
    if (absl::EqualsIgnoreCase(stream.name, name)) return &stream;
  }
  return nullptr;
}

absl::Status TakeOptions(DdlContext& context, const std::vector<sql::Option>& options,
                         ChangeStream& stream) {
  KS_RETURN_IF_ERROR(SetOptions(OptionsOf::kChangeStream, context.text, options, stream.options));
  if (const OptionEntry* retention = FindOption(stream.options, "retention_period")) {
    const std::string text = Unquoted(*retention);
    const std::optional<int64_t> micros = ParseDuration(text);
    if (!micros) return errors::NotADuration(text);
    if (*micros < limits::kStreamRetentionMinMicros ||
        *micros > limits::kStreamRetentionMaxMicros) {
      return errors::StreamRetention(text);
    }
  }
  if (const OptionEntry* type = FindOption(stream.options, "value_capture_type")) {
    const std::string text = Unquoted(*type);
    if (std::find(kCaptureTypes.begin(), kCaptureTypes.end(), text) == kCaptureTypes.end()) {
      return errors::StreamCaptureType(text);
    }
  }
  return absl::OkStatus();
}

// Names as their tables and columns are declared.
void TakeWatched(const Schema& schema, const sql::ChangeStreamDefinition& definition,
                 ChangeStream& stream) {
  stream.for_all = definition.for_all;
  stream.watched.clear();
  for (const sql::TrackedTable& tracked : definition.tables) {
    ChangeStream::Watched watched{sql::Dotted(tracked.table), tracked.all_columns, {}};
    const Table* table = schema.FindTable(watched.table);
    if (table != nullptr) watched.table = table->name;
    for (const sql::Identifier& name : tracked.columns) {
      int c = table == nullptr ? -1 : table->FindColumn(name.name);
      watched.columns.push_back(c < 0 ? name.name : table->columns[c].name);
    }
    stream.watched.push_back(std::move(watched));
  }
}

}  // namespace

absl::Status CreateChangeStream(DdlContext& context, const sql::Statement& statement) {
  const auto& create = sql::As<sql::CreateChangeStreamStatement>(statement);
  std::string name = sql::Dotted(create.stream.name);
  if (create.if_not_exists && context.schema()->FindChangeStream(name) != nullptr) {
    return absl::OkStatus();
  }
  return context.Change([&](Schema& next) -> absl::Status {
    ChangeStream stream;
    stream.name = name;
    stream.space = next.next_space++;
    stream.created_micros = context.database.core().oracle().Now().value();
    TakeWatched(next, create.stream, stream);
    KS_RETURN_IF_ERROR(TakeOptions(context, create.stream.options, stream));
    next.change_streams.push_back(std::move(stream));
    return ValidateStreamCount(next, next.change_streams.back());
  });
}

absl::Status AlterChangeStream(DdlContext& context, const sql::Statement& statement) {
  const auto& alter = sql::As<sql::AlterChangeStreamStatement>(statement);
  std::string name = sql::Dotted(alter.stream.name);
  return context.Change([&](Schema& next) -> absl::Status {
    ChangeStream* stream = EditStream(next, name);
    if (stream == nullptr) return errors::ObjectNotFound("Change Stream", name);
    switch (alter.action) {
      case sql::AlterChangeStreamAction::kSetFor:
        TakeWatched(next, alter.stream, *stream);
        return ValidateStreamCount(next, *stream);
      case sql::AlterChangeStreamAction::kDropForAll:
        if (!stream->for_all && stream->watched.empty()) return errors::StreamWithoutFor(name);
        stream->for_all = false;
        stream->watched.clear();
        return absl::OkStatus();
      case sql::AlterChangeStreamAction::kSetOptions:
        return TakeOptions(context, alter.stream.options, *stream);
    }
    return absl::OkStatus();
  });
}

absl::Status DropChangeStream(DdlContext& context, const sql::Statement& statement) {
  const auto& drop = sql::As<sql::DropChangeStreamStatement>(statement);
  std::string name = sql::Dotted(drop.name);
  if (drop.if_exists && context.schema()->FindChangeStream(name) == nullptr) {
    return absl::OkStatus();
  }
  return context.Change([&](Schema& next) -> absl::Status {
    const ChangeStream* stream = next.FindChangeStream(name);
    if (stream == nullptr) return errors::ObjectNotFound("Change Stream", name);
    const std::string declared = stream->name;
    std::erase_if(next.privileges, [&](const Privilege& p) {
      return p.object == GranteeObject::kChangeStream && p.object_name == declared;
    });
    std::erase_if(next.change_streams, [&](const ChangeStream& s) { return s.name == declared; });
    return absl::OkStatus();
  });
}

}  // namespace ks::local
