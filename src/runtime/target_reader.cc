#include "runtime/target_reader.h"

#include <google/spanner/v1/result_set.pb.h>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "observe/log.h"
#include "runtime/errors.h"
#include "runtime/limits.h"
#include "spanner/errors.h"

namespace ks::runtime {
namespace {

namespace v1 = google::spanner::v1;
using google::protobuf::Value;

// The types that INFORMATION_SCHEMA has.
absl::StatusOr<sql::Value> ToValue(const Value& value, const v1::Type& type) {
  const bool null = value.kind_case() == Value::kNullValue;
  switch (type.code()) {
    case v1::STRING:
      return null ? sql::Value::Null(sql::Type::String())
                  : sql::Value::String(value.string_value());
    case v1::BOOL:
      return null ? sql::Value::Null(sql::Type::Bool()) : sql::Value::Bool(value.bool_value());
    case v1::INT64: {
      if (null) return sql::Value::Null(sql::Type::Int64());
      KS_ASSIGN_OR_RETURN(const int64_t number, sql::ParseInt64(value.string_value()));
      return sql::Value::Int64(number);
    }
    case v1::ARRAY: {
      KS_ASSIGN_OR_RETURN(const sql::Value nothing, ToValue(Value(), type.array_element_type()));
      std::vector<sql::Value> elements;
      for (const Value& element : value.list_value().values()) {
        KS_ASSIGN_OR_RETURN(sql::Value converted, ToValue(element, type.array_element_type()));
        elements.push_back(std::move(converted));
      }
      return sql::Value::Array(nothing.type(), elements);
    }
    default:
      return absl::InternalError(
          StrCat("INFORMATION_SCHEMA gave a value of type ", v1::TypeCode_Name(type.code())));
  }
}

absl::StatusOr<std::vector<std::vector<sql::Value>>> ToRows(const v1::ResultSet& result) {
  std::vector<std::vector<sql::Value>> rows;
  for (const auto& row : result.rows()) {
    std::vector<sql::Value>& values = rows.emplace_back();
    for (int i = 0; i < row.values_size(); ++i) {
      KS_ASSIGN_OR_RETURN(sql::Value value,
                          ToValue(row.values(i), result.metadata().row_type().fields(i).type()));
      values.push_back(std::move(value));
    }
  }
  return rows;
}

}  // namespace

absl::StatusOr<pipeline::TargetSchema> ReadTarget(spanner::Client& client) {
  std::vector<std::vector<std::vector<sql::Value>>> results;
  for (const std::string_view query : pipeline::SchemaQueries()) {
    KS_ASSIGN_OR_RETURN(const auto result, client.QueryNow(std::string(query)));
    KS_ASSIGN_OR_RETURN(auto rows, ToRows(*result));
    results.push_back(std::move(rows));
  }
  return pipeline::ParseTargetSchema(results);
}

absl::StatusOr<pipeline::Plan> PlanAgainst(spanner::Client& client,
                                           const pipeline::PipelineSpec& spec,
                                           const StartWait& wait) {
  const int64_t since = env::RealClock().MonotonicNanos();
  bool said = false;
  while (true) {
    const auto target = ReadTarget(client);
    if (target.ok()) {
      if (said) observe::LogInfo("Spanner is there");
      return pipeline::MakePlan(spec, &*target);
    }
    const bool down =
        absl::IsUnavailable(target.status()) || absl::IsDeadlineExceeded(target.status());
    if (!down) return target.status();
    const absl::Status trouble = SpannerIsDown(client.database(), target.status());
    if (wait.over(since)) return trouble;
    if (!std::exchange(said, true))
      observe::LogWarning(StrCat(trouble.message(), " Waiting for it."));
    env::SleepFor(env::kNanosPerSecond);
  }
}

}  // namespace ks::runtime
