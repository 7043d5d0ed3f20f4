#include "runtime/verify.h"

#include <google/protobuf/util/time_util.h>
#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/notification.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "kafka/admin.h"
#include "kafka/partition_scan.h"
#include "pipeline/chain.h"
#include "pipeline/checkpoint.h"
#include "pipeline/key_table.h"
#include "pipeline/lane_hash.h"
#include "pipeline/limits.h"
#include "pipeline/recompute.h"
#include "runtime/errors.h"
#include "runtime/expected_rows.h"
#include "runtime/message_records.h"
#include "runtime/spanner_port.h"
#include "sql/parser/lexer.h"

namespace ks::runtime {
namespace {

namespace v1 = google::spanner::v1;
using google::protobuf::ListValue;
using google::protobuf::util::TimeUtil;

// The rows of one key hash: all those with hash & mask == value.
struct Part {
  uint64_t mask = 0;
  uint64_t value = 0;
};

struct ScannedPartition {
  kafka::TopicPartition name;
  uint64_t chain = 0;          // of its lane 0
  std::vector<int64_t> heads;  // by lane
  int64_t from = 0;
  int64_t to = 0;
  absl::flat_hash_set<int64_t> dead;
};

class Verification {
 public:
  Verification(spanner::Client& client, kafka::Consumer& kafka, const VerifyOptions& options)
      : client_(client), kafka_(kafka), options_(options), source_(Planned()) {}

  absl::StatusOr<VerifyReport> Run() {
    for (const std::string& topic : source_.spec->topics) KS_RETURN_IF_ERROR(AddTopic(topic));
    KS_RETURN_IF_ERROR(LoadDeadLetters());
    PrepareTables();
    KS_ASSIGN_OR_RETURN(recompute_, pipeline::Recompute::Create(*options_.plan, options_.source));
    recompute_->set_wants(
        [this](size_t table, std::string_view key) { return Wanted(table, key); });
    std::vector<Part> parts = {{}};
    while (!parts.empty()) {
      part_ = parts.back();
      parts.pop_back();
      KS_ASSIGN_OR_RETURN(const bool done, RunPart());
      if (done) continue;
      const Part half{part_.mask * 2 + 1, part_.value};
      parts.push_back(half);
      parts.push_back({half.mask, half.value | (part_.mask + 1)});
    }
    return std::move(report_);
  }

 private:
  const pipeline::PlannedSource& Planned() const { return options_.plan->sources[options_.source]; }

  void At(v1::TransactionSelector* selector) const {
    TimeUtil::FromString(
        options_.read_timestamp,
        selector->mutable_single_use()->mutable_read_only()->mutable_read_timestamp());
  }

  absl::Status Stream(v1::ExecuteSqlRequest request,
                      const std::function<absl::Status(const ListValue&)>& visit) {
    At(request.mutable_transaction());
    absl::Notification ended;
    absl::Status status;
    absl::Status visited;
    spanner::RowConsumer consumer;
    consumer.rows = [&](const std::vector<ListValue>& rows) {
      for (const ListValue& row : rows) {
        if (visited.ok()) visited = visit(row);
      }
      return visited.ok();
    };
    consumer.done = [&](const absl::Status& done) {
      status = done;
      ended.Notify();
    };
    client_.QueryRows(request, std::move(consumer));
    ended.WaitForNotification();
    return visited.ok() ? status : visited;
  }

  // ---- What there is to compare

  absl::Status AddTopic(const std::string& topic) {
    KS_ASSIGN_OR_RETURN(const auto description, kafka::DescribeTopic(kafka_.handle(), topic));
    std::vector<kafka::TopicPartition> names;
    for (int i = 0; i < description.partitions; ++i) names.push_back({topic, PartitionId(i)});
    KS_ASSIGN_OR_RETURN(const auto low,
                        kafka::ListOffsets(kafka_.handle(), names, kafka::kFirstOffset));
    if (low.size() < names.size())
      return absl::UnavailableError(StrCat("some partitions of ", topic, " have no leader now"));
    std::vector<std::string> expired;
    bool reshaped = false;
    for (const auto& name : names) {
      KS_ASSIGN_OR_RETURN(const auto chains, ReadChains(name));
      if (!chains) continue;
      if (!chains->topic_id.empty() && !description.topic_id.empty() &&
          chains->topic_id != description.topic_id)
        return TopicCreatedAgain(topic);
      ScannedPartition partition{.name = name,
                                 .chain = partitions_.size() * pipeline::kPipelineLanesMax};
      for (const auto& lane : chains->lanes) {
        partition.heads.push_back(lane.head);
        partition.to = std::max(partition.to, lane.head);
      }
      partition.from = low.at(name).value();
      if (partition.from > 0 && partition.to > 0)
        expired.push_back(
            StrCat("partition ", name.partition.value(), " begins at offset ", partition.from));
      reshaped |= chains->generation > 1;
      report_.partitions.push_back({name, partition.from, partition.to});
      partitions_.push_back(std::move(partition));
    }
    return SayLimits(topic, expired, reshaped);
  }

  absl::StatusOr<std::optional<pipeline::Chains>> ReadChains(const kafka::TopicPartition& name) {
    const pipeline::ChainKey key{options_.plan->spec->name, name.topic, name.partition.value()};
    const auto read = [this](v1::ReadRequest request) {
      At(request.mutable_transaction());
      return client_.ReadNow(request);
    };
    KS_ASSIGN_OR_RETURN(const auto rows, ReadRows(pipeline::ChainReads(key), read));
    return pipeline::DecodeChains(rows);
  }

  // What keeps us from telling, and which differences it may explain.
  absl::Status SayLimits(const std::string& topic, const std::vector<std::string>& expired,
                         bool reshaped) {
    const auto policy = kafka::TopicSetting(kafka_.handle(), topic, "cleanup.policy");
    const bool compacted = policy.ok() && policy->find("compact") != std::string::npos;
    const bool late = source_.spec->start != pipeline::StartAt::kEarliest;
    if (!expired.empty())
      Limit(StrCat("Kafka no longer has the first records of topic ", topic, ": ",
                   absl::StrJoin(expired, ", "),
                   ". Rows that came of them cannot be told from rows too many, and aggregates "
                   "cannot be verified."));
    if (compacted)
      Limit(StrCat("topic ", topic,
                   " is compacted: of a key, older records may be gone. Rows too many in append "
                   "tables cannot be told, and aggregates cannot be verified."));
    if (!policy.ok())
      Limit(StrCat("whether topic ", topic, " is compacted is not known (",
                   View(policy.status().message()),
                   "); if it is, append tables and aggregates will differ rightly."));
    if (late)
      Limit(StrCat("`start:` was not earliest, and no checkpoint says where topic ", topic,
                   " was begun: rows of records before that cannot be told from rows missing, and "
                   "aggregates cannot be verified."));
    if (reshaped)
      Limit(StrCat("the chains of topic ", topic,
                   " were moved or given other lanes: records that `offsets set` or `skip` passed "
                   "over show as missing."));
    for (const pipeline::TableMode mode : kModes) {
      Judged& judged = judged_[static_cast<size_t>(mode)];
      const bool append = mode == pipeline::TableMode::kAppend;
      judged.extra &= expired.empty() && !(append && compacted);
      judged.missing &= !late;
      if (mode != pipeline::TableMode::kAggregate) continue;
      if (!expired.empty() || compacted || late) judged = {false, false, false};
    }
    return absl::OkStatus();
  }

  void Limit(std::string text) { report_.limits.push_back(std::move(text)); }

  absl::Status LoadDeadLetters() {
    v1::ExecuteSqlRequest request;
    request.set_sql(
        "SELECT Topic, KafkaPartition, KafkaOffset FROM kafka_spanner.DeadLetters WHERE Pipeline = "
        "@pipeline");
    (*request.mutable_params()->mutable_fields())["pipeline"].set_string_value(
        options_.plan->spec->name);
    (*request.mutable_param_types())["pipeline"].set_code(v1::STRING);
    return Stream(std::move(request), [this](const ListValue& row) {
      int32_t number = 0;
      int64_t offset = 0;
      (void)absl::SimpleAtoi(row.values(1).string_value(), &number);
      (void)absl::SimpleAtoi(row.values(2).string_value(), &offset);
      const kafka::TopicPartition name{row.values(0).string_value(), PartitionId(number)};
      for (ScannedPartition& partition : partitions_) {
        if (partition.name != name) continue;
        partition.dead.insert(offset);
        ++report_.dead_letters;
      }
      return absl::OkStatus();
    });
  }

  void PrepareTables() {
    report_.tables.resize(source_.tables.size());
    for (size_t i = 0; i < source_.tables.size(); ++i) {
      const pipeline::PlannedTable& table = source_.tables[i];
      report_.tables[i].table = &table;
      tables_.push_back(std::make_unique<ExpectedRows>(
          table, judged_[static_cast<size_t>(table.mode)], options_.examples, &report_.tables[i]));
      if (!table.target.parent.empty())
        Limit(StrCat("rows of ", table.target.name, " that went with their parent in ",
                     table.target.parent, " show as missing."));
    }
  }

  // ---- One pass

  bool Wanted(size_t table, std::string_view key) const {
    const uint64_t hash = pipeline::HashKeyBytes(key) ^ (table * 0x9E3779B97F4A7C15);
    return (hash & part_.mask) == part_.value;
  }

  int64_t HeldBytes() const {
    int64_t bytes = recompute_->held_bytes();
    for (const auto& table : tables_) bytes += table->held_bytes();
    return bytes;
  }

  // False: what is expected does not fit into the memory.
  absl::StatusOr<bool> RunPart() {
    ++report_.passes;
    for (const auto& table : tables_) table->Clear();
    recompute_->DropGroups();
    report_.records = 0;
    report_.refused = 0;
    bool fits = true;
    for (const ScannedPartition& partition : partitions_) {
      KS_RETURN_IF_ERROR(kafka::ScanPartition(
          kafka_, partition.name, Offset(partition.from), Offset(partition.to),
          [&](const std::vector<kafka::MessageView>& messages) {
            Take(partition, messages);
            // A part of one key in 2^20 is small enough, whatever the limit says.
            fits = HeldBytes() <= options_.memory_bytes || part_.mask >> 20 != 0;
            return fits;
          }));
      if (!fits) return false;
    }
    for (size_t i = 0; i < tables_.size(); ++i) KS_RETURN_IF_ERROR(CompareTable(i));
    return true;
  }

  void Take(const ScannedPartition& partition, const std::vector<kafka::MessageView>& messages) {
    const auto lanes = static_cast<uint32_t>(partition.heads.size());
    for (size_t i = 0; i < messages.size();) {
      chunk_.Clear();
      chains_.clear();
      for (; i < messages.size() && chains_.size() < pipeline::kTransformRecordsMax; ++i) {
        const int64_t offset = messages[i].offset().value();
        const auto lane = pipeline::LaneOf(pipeline::LaneHashOf(messages[i].key(), offset), lanes);
        if (offset >= partition.heads[lane] || partition.dead.contains(offset)) continue;
        chunk_.Add(messages[i]);
        chains_.push_back(partition.chain + lane);
      }
      if (chunk_.empty()) continue;
      recompute_->Run(chunk_.records(), [this](const pipeline::GivenRow& row) {
        ExpectedRows& table = *tables_[row.table];
        if (row.remove) {
          table.Remove(chains_[row.record], row.key);
        } else {
          table.Add(chains_[row.record], row.key, row.rest);
        }
      });
      report_.records += static_cast<int64_t>(chains_.size());
      for (const pipeline::RecordVerdict verdict : recompute_->transform().verdicts()) {
        if (verdict != pipeline::RecordVerdict::kOk && verdict != pipeline::RecordVerdict::kSkip)
          ++report_.refused;
      }
    }
  }

  absl::Status CompareTable(size_t index) {
    const pipeline::PlannedTable& table = source_.tables[index];
    ExpectedRows& expected = *tables_[index];
    v1::ExecuteSqlRequest request;
    if (table.aggregate) {
      recompute_->Groups(index, [&](std::string_view key, std::string_view states) {
        expected.Add(0, key, states);
      });
      request.set_sql(pipeline::MergeStatesSql(*table.aggregate));
    } else {
      request.set_sql(StrCat("SELECT ",
                             absl::StrJoin(table.columns, ", ",
                                           [](std::string* out, const std::string& name) {
                                             out->append(sql::QuotedIdentifier(name));
                                           }),
                             " FROM ", table.target.name));
    }
    KS_RETURN_IF_ERROR(Stream(std::move(request), [&](const ListValue& row) -> absl::Status {
      KS_ASSIGN_OR_RETURN(const std::string_view key, expected.KeyOf(row));
      return Wanted(index, key) ? expected.Compare(row) : absl::OkStatus();
    }));
    expected.Finish();
    return absl::OkStatus();
  }

  static constexpr pipeline::TableMode kModes[] = {pipeline::TableMode::kSnapshot,
                                                   pipeline::TableMode::kAppend,
                                                   pipeline::TableMode::kAggregate};

  spanner::Client& client_;
  kafka::Consumer& kafka_;
  const VerifyOptions& options_;
  const pipeline::PlannedSource& source_;
  VerifyReport report_;
  std::vector<ScannedPartition> partitions_;
  Judged judged_[3];  // by TableMode
  std::vector<std::unique_ptr<ExpectedRows>> tables_;
  std::unique_ptr<pipeline::Recompute> recompute_;
  Part part_;
  MessageRecords chunk_;
  std::vector<uint64_t> chains_;  // of the chunk's records
};

}  // namespace

absl::StatusOr<std::string> TimestampToRead(spanner::Client& client) {
  v1::ExecuteSqlRequest request;
  request.set_sql("SELECT 1");
  auto& read_only = *request.mutable_transaction()->mutable_single_use()->mutable_read_only();
  read_only.set_strong(true);
  read_only.set_return_read_timestamp(true);
  KS_ASSIGN_OR_RETURN(const auto rows, client.QueryNow(request));
  if (!rows->metadata().transaction().has_read_timestamp())
    return absl::InternalError("Spanner did not say at which time it read");
  return std::string(TimeUtil::ToString(rows->metadata().transaction().read_timestamp()));
}

absl::StatusOr<VerifyReport> Verify(spanner::Client& client, kafka::Consumer& kafka,
                                    const VerifyOptions& options) {
  return Verification(client, kafka, options).Run();
}

}  // namespace ks::runtime
