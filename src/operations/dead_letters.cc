#include "operations/dead_letters.h"

#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "operations/errors.h"
#include "operations/limits.h"
#include "operations/topic_reader.h"
#include "runtime/target_reader.h"
#include "sql/analyzer/analyzer.h"

namespace ks::operations {
namespace {

namespace v1 = google::spanner::v1;

void Bind(v1::ExecuteSqlRequest* request, const char* name, std::string_view value,
          v1::TypeCode type) {
  (*request->mutable_params()->mutable_fields())[name].set_string_value(std::string(value));
  (*request->mutable_param_types())[name].set_code(type);
}

// One condition over the columns, whatever parentheses are in it. Without a catalog it cannot name
// a table, and sequences would be changed by being read.
absl::Status CheckCondition(std::string_view where) {
  using sql::Type;
  const std::vector<sql::NamedColumn> columns = {
      {"Topic", Type::String()},      {"KafkaPartition", Type::Int64()},
      {"KafkaOffset", Type::Int64()}, {"RecordTimestamp", Type::Timestamp()},
      {"RecordKey", Type::Bytes()},   {"RecordValue", Type::Bytes()},
      {"Headers", Type::Json()},      {"Stage", Type::String()},
      {"Reason", Type::String()},     {"FailedAt", Type::Timestamp()}};
  const auto analyzed =
      sql::AnalyzeExpression(where, {.columns = columns, .target = sql::Type::Bool()});
  if (!analyzed.ok()) return NoCondition(View(analyzed.status().message()));
  if (!analyzed->sequences.empty()) return NoCondition("it names a sequence");
  return absl::OkStatus();
}

v1::ExecuteSqlRequest DeleteOf(const Target& target, const kafka::TopicPartition& partition,
                               const std::vector<int64_t>& offsets) {
  v1::ExecuteSqlRequest request;
  request.set_sql(
      "DELETE FROM kafka_spanner.DeadLetters WHERE Pipeline = @pipeline AND Topic = @topic AND "
      "KafkaPartition = @partition AND KafkaOffset IN UNNEST(@offsets)");
  Bind(&request, "pipeline", target.spec->name, v1::STRING);
  Bind(&request, "topic", partition.topic, v1::STRING);
  Bind(&request, "partition", StrCat(partition.partition.value()), v1::INT64);
  auto& list = *(*request.mutable_params()->mutable_fields())["offsets"].mutable_list_value();
  for (const int64_t offset : offsets) list.add_values()->set_string_value(StrCat(offset));
  auto& type = (*request.mutable_param_types())["offsets"];
  type.set_code(v1::ARRAY);
  type.mutable_array_element_type()->set_code(v1::INT64);
  return request;
}

}  // namespace

absl::StatusOr<v1::ExecuteSqlRequest> LettersQuery(std::string_view pipeline,
                                                   std::string_view where, std::string_view select,
                                                   std::string_view end) {
  if (!where.empty()) KS_RETURN_IF_ERROR(CheckCondition(where));
  v1::ExecuteSqlRequest request;
  request.set_sql(StrCat("SELECT ", select,
                         " FROM kafka_spanner.DeadLetters WHERE Pipeline = @pipeline",
                         where.empty() ? "" : StrCat(" AND (", where, "\n)"), end));
  Bind(&request, "pipeline", pipeline, v1::STRING);
  return request;
}

absl::StatusOr<Letters> ChooseLetters(const Target& target, std::string_view where, size_t most) {
  const std::string end =
      most == 0 ? std::string(kLettersInOrder) : StrCat(kLettersInOrder, " LIMIT ", most + 1);
  KS_ASSIGN_OR_RETURN(const auto query, LettersQuery(target.spec->name, where,
                                                     "Topic, KafkaPartition, KafkaOffset", end));
  KS_ASSIGN_OR_RETURN(const auto rows, target.client->QueryNow(query));
  if (most != 0 && static_cast<size_t>(rows->rows_size()) > most) return TooManyLetters(most);
  Letters chosen;
  for (const auto& row : rows->rows()) {
    int32_t partition = 0;
    int64_t offset = 0;
    (void)absl::SimpleAtoi(row.values(1).string_value(), &partition);
    (void)absl::SimpleAtoi(row.values(2).string_value(), &offset);
    chosen[{row.values(0).string_value(), PartitionId(partition)}].push_back(offset);
  }
  return chosen;
}

int64_t CountOf(const Letters& letters) {
  int64_t count = 0;
  for (const auto& [partition, offsets] : letters) count += static_cast<int64_t>(offsets.size());
  return count;
}

absl::StatusOr<int64_t> DiscardLetters(const Target& target, const Letters& letters,
                                       const Steps& steps) {
  int64_t discarded = 0;
  for (const auto& [partition, offsets] : letters) {
    for (size_t begin = 0; begin < offsets.size(); begin += kDiscardedAtOnce) {
      if (steps.stop.stop_requested()) return ToldToStop();
      const auto first = offsets.begin() + static_cast<ptrdiff_t>(begin);
      const auto count = std::min(kDiscardedAtOnce, offsets.size() - begin);
      const auto request =
          DeleteOf(target, partition, {first, first + static_cast<ptrdiff_t>(count)});
      nlohmann::json details;
      const auto answer = target.client->RunTransaction(
          [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
            KS_ASSIGN_OR_RETURN(const int64_t gone, transaction.Execute(request));
            details = {{"letters", gone}};
            std::string wire;
            KS_RETURN_IF_ERROR(steps.With(transaction, details, &wire));
            return wire;
          });
      KS_RETURN_IF_ERROR(answer.status);
      discarded += details["letters"].get<int64_t>();
      KS_RETURN_IF_ERROR(steps.After(details));
    }
  }
  return discarded;
}

nlohmann::json ResultsOf(const std::vector<Redriven>& redriven) {
  nlohmann::json counts = nlohmann::json::object();
  for (const Redriven& each : redriven) {
    const std::string name(NameOf(each.letter.result));
    counts[name] = counts.value(name, int64_t{0}) + 1;
  }
  return counts;
}

absl::Status RedriveLetters(const Target& target, const Letters& letters, bool dry_run,
                            const Steps& steps, std::vector<Redriven>* redriven) {
  const pipeline::PipelineSpec& spec = *target.spec;
  KS_ASSIGN_OR_RETURN(const auto plan, runtime::PlanAgainst(*target.client, spec));
  for (const auto& [partition, offsets] : letters) {
    if (steps.stop.stop_requested()) return ToldToStop();
    std::string topic = partition.topic;
    KS_ASSIGN_OR_RETURN(const auto* source, SourceOfTopic(spec, &topic));
    KS_ASSIGN_OR_RETURN(const auto kafka, KafkaReader(spec, *source, "redrive", *target.identity));
    nlohmann::json details;
    runtime::RedriveOptions options{.plan = &plan,
                                    .source = static_cast<size_t>(source - spec.sources.data()),
                                    .partition = partition,
                                    .dry_run = dry_run};
    options.with = [&, &partition = partition](spanner::Client::Transaction& transaction,
                                               const std::vector<int64_t>& done,
                                               std::string* wire) {
      details = {{"topic", partition.topic},
                 {"partition", partition.partition.value()},
                 {"offsets", done}};
      return steps.With(transaction, details, wire);
    };
    options.after = [&] { return steps.After(details); };
    KS_ASSIGN_OR_RETURN(const auto results,
                        runtime::Redrive(*target.client, *kafka, options, offsets));
    for (const auto& result : results) redriven->push_back({partition, result});
  }
  return absl::OkStatus();
}

}  // namespace ks::operations
