#include "runtime/replay.h"

#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "kafka/admin.h"
#include "kafka/partition_scan.h"
#include "pipeline/chain.h"
#include "pipeline/checkpoint.h"
#include "pipeline/lane_hash.h"
#include "pipeline/limits.h"
#include "pipeline/recompute.h"
#include "runtime/errors.h"
#include "runtime/message_records.h"
#include "runtime/spanner_port.h"

namespace ks::runtime {
namespace {

namespace v1 = google::spanner::v1;
using Transaction = spanner::Client::Transaction;

constexpr size_t kRecordsPerTransaction = 500;
constexpr int64_t kKeyOverheadBytes = 64;

std::string_view KeyOf(const kafka::MessageView& message) {
  return message.key().value_or(std::string_view());
}

class Replayer {
 public:
  Replayer(spanner::Client& client, kafka::Consumer& kafka, const ReplayOptions& options)
      : client_(client),
        kafka_(kafka),
        options_(options),
        source_(options.plan->sources[options.source]),
        scanned_to_(options.from) {
    replayed_.from = options.from;
    replayed_.to = options.from;
  }

  absl::StatusOr<Replayed> Run() {
    KS_ASSIGN_OR_RETURN(const auto topic,
                        kafka::DescribeTopic(kafka_.handle(), options_.partition.topic));
    topic_id_ = topic.topic_id;
    KS_ASSIGN_OR_RETURN(recompute_, pipeline::Recompute::Create(*options_.plan, options_.source));
    // The keys of what is committed now; what comes meanwhile is added by each transaction.
    const auto looked =
        client_.RunTransaction([&](Transaction& transaction) -> absl::StatusOr<std::string> {
          KS_RETURN_IF_ERROR(Look(transaction));
          return kOnlyTried;
        });
    if (looked.status != kOnlyTried) return looked.status;
    replayed_.to = std::max(options_.from, std::min(options_.to, scanned_to_));
    for (int64_t next = options_.from; next < replayed_.to;) {
      if (options_.stop.stop_requested()) return absl::CancelledError("told to stop");
      std::vector<int64_t> offsets;
      KS_ASSIGN_OR_RETURN(next, Gather(next, &offsets));
      KS_RETURN_IF_ERROR(WriteHalving(offsets));
    }
    return std::move(replayed_);
  }

 private:
  // Reads how far the lanes are, and the keys of what they have passed since the last look.
  absl::Status Look(Transaction& transaction) {
    const pipeline::ChainKey key{options_.plan->spec->name, options_.partition.topic,
                                 options_.partition.partition.value()};
    KS_ASSIGN_OR_RETURN(const auto rows, ReadRows(pipeline::ChainReads(key), transaction));
    KS_ASSIGN_OR_RETURN(const auto chains, pipeline::DecodeChains(rows));
    if (!chains) return absl::OkStatus();  // nothing was ever written
    if (!chains->topic_id.empty() && !topic_id_.empty() && chains->topic_id != topic_id_)
      return TopicCreatedAgain(options_.partition.topic);
    heads_.clear();
    for (const auto& lane : chains->lanes) heads_.push_back(lane.head);
    const int64_t head = *std::max_element(heads_.begin(), heads_.end());
    if (head <= scanned_to_) return absl::OkStatus();
    KS_RETURN_IF_ERROR(LoadDeadLetters(transaction));
    absl::Status fits;
    const auto note = [&](const std::vector<kafka::MessageView>& messages) {
      for (const kafka::MessageView& message : messages) NoteKey(message);
      if (held_bytes_ > options_.memory_bytes) fits = TooManyKeys();
      if (options_.stop.stop_requested()) fits = absl::CancelledError("told to stop");
      return fits.ok();
    };
    KS_RETURN_IF_ERROR(
        kafka::ScanPartition(kafka_, options_.partition, Offset(scanned_to_), Offset(head), note));
    KS_RETURN_IF_ERROR(fits);
    scanned_to_ = head;
    return absl::OkStatus();
  }

  void NoteKey(const kafka::MessageView& message) {
    const int64_t offset = message.offset().value();
    if (dead_.contains(offset)) return;  // it is in no table
    const auto [found, is_new] = last_.try_emplace(std::string(KeyOf(message)), offset);
    if (is_new) held_bytes_ += kKeyOverheadBytes + static_cast<int64_t>(found->first.size());
    found->second = std::max(found->second, offset);
  }

  absl::Status TooManyKeys() const {
    return absl::ResourceExhaustedError(
        StrCat("partition ", options_.partition.partition.value(), " of ", options_.partition.topic,
               " has more keys from offset ", options_.from, " on than fit into ",
               options_.memory_bytes >> 20,
               " MiB: raise `memory:` in the pipeline file, or begin "
               "later"));
  }

  absl::Status LoadDeadLetters(Transaction& transaction) {
    v1::ExecuteSqlRequest request;
    request.set_sql(
        "SELECT KafkaOffset FROM kafka_spanner.DeadLetters WHERE Pipeline = @pipeline AND Topic = "
        "@topic AND KafkaPartition = @partition AND KafkaOffset >= @from");
    auto& values = *request.mutable_params()->mutable_fields();
    auto& types = *request.mutable_param_types();
    values["pipeline"].set_string_value(options_.plan->spec->name);
    types["pipeline"].set_code(v1::STRING);
    values["topic"].set_string_value(options_.partition.topic);
    types["topic"].set_code(v1::STRING);
    values["partition"].set_string_value(StrCat(options_.partition.partition.value()));
    types["partition"].set_code(v1::INT64);
    values["from"].set_string_value(StrCat(scanned_to_));
    types["from"].set_code(v1::INT64);
    KS_ASSIGN_OR_RETURN(const auto rows, transaction.Query(std::move(request)));
    for (const auto& row : rows->rows()) {
      int64_t offset = 0;
      if (absl::SimpleAtoi(row.values(0).string_value(), &offset)) dead_.insert(offset);
    }
    return absl::OkStatus();
  }

  bool Committed(const kafka::MessageView& message) const {
    const int64_t offset = message.offset().value();
    const uint64_t hash = pipeline::LaneHashOf(message.key(), offset);
    return offset < heads_[pipeline::LaneOf(hash, static_cast<uint32_t>(heads_.size()))];
  }

  bool IsLast(const kafka::MessageView& message) const {
    const auto found = last_.find(KeyOf(message));
    return found != last_.end() && found->second == message.offset().value();
  }

  // Counts those that are not.
  bool IsWanted(const kafka::MessageView& message) {
    const bool dead = dead_.contains(message.offset().value());
    if (dead) ++replayed_.dead_letters;
    if (dead || !Committed(message)) return false;  // its lane has not passed it: a worker will
    const bool last = IsLast(message);
    if (!last) ++replayed_.older;
    return last;
  }

  // Offsets from `next` on that are to be written, enough for a transaction; where to go on.
  absl::StatusOr<int64_t> Gather(int64_t next, std::vector<int64_t>* offsets) {
    int64_t end = next;
    const auto take = [&](const std::vector<kafka::MessageView>& messages) {
      for (const kafka::MessageView& message : messages) {
        end = message.offset().value() + 1;
        if (IsWanted(message)) offsets->push_back(message.offset().value());
        if (offsets->size() == kRecordsPerTransaction) return false;
      }
      return true;
    };
    KS_RETURN_IF_ERROR(
        kafka::ScanPartition(kafka_, options_.partition, Offset(next), Offset(replayed_.to), take));
    return offsets->size() == kRecordsPerTransaction ? end : replayed_.to;
  }

  // What Spanner refuses is halved down to the record at fault.
  absl::Status WriteHalving(const std::vector<int64_t>& offsets) {
    if (offsets.empty()) return absl::OkStatus();
    const Replayed before = replayed_;
    const absl::Status status = Write(offsets);
    if (status.ok()) return status;
    replayed_ = before;
    const bool splits = pipeline::IsDataError(status.code()) || absl::IsOutOfRange(status);
    if (!splits) return status;
    if (offsets.size() == 1) {
      Refuse(StrCat("offset ", offsets[0], ": Spanner: ", View(status.message())));
      return absl::OkStatus();
    }
    const auto middle = offsets.begin() + static_cast<ptrdiff_t>(offsets.size() / 2);
    KS_RETURN_IF_ERROR(WriteHalving({offsets.begin(), middle}));
    return WriteHalving({middle, offsets.end()});
  }

  void Refuse(std::string why) {
    ++replayed_.refused;
    if (replayed_.first_refusal.empty()) replayed_.first_refusal = std::move(why);
  }

  absl::Status Write(const std::vector<int64_t>& offsets) {
    const Replayed before = replayed_;
    const auto answer =
        client_.RunTransaction([&](Transaction& transaction) -> absl::StatusOr<std::string> {
          replayed_ = before;  // it may run again
          KS_RETURN_IF_ERROR(Look(transaction));
          KS_ASSIGN_OR_RETURN(std::string wire, Mutations(offsets));
          if (options_.dry_run || wire.empty()) return kOnlyTried;
          if (options_.with) {
            const ReplayStep step{offsets.front(), offsets.back() + 1,
                                  replayed_.written - before.written};
            KS_RETURN_IF_ERROR(options_.with(transaction, step, &wire));
          }
          return wire;
        });
    if (answer.status == kOnlyTried) return absl::OkStatus();
    KS_RETURN_IF_ERROR(answer.status);
    return options_.after ? options_.after() : absl::OkStatus();
  }

  // The rows of those records that are still the last of their keys.
  absl::StatusOr<std::string> Mutations(const std::vector<int64_t>& offsets) {
    const size_t tables = source_.tables.size();
    std::vector<pipeline::WireBuffer> writes(tables);
    std::vector<pipeline::WireBuffer> removes(tables);
    int64_t mutations = 0;
    MessageRecords chunk;
    const auto run = [&] {
      if (chunk.empty()) return;
      const pipeline::Records records = chunk.records();
      recompute_->Run(records, [&](const pipeline::GivenRow& row) {
        const pipeline::PlannedTable& table = source_.tables[row.table];
        const auto& shape = row.remove ? table.remove : table.write;
        mutations += row.remove ? table.delete_mutations : table.write_mutations;
        shape->AppendRowOfElements(row.key, row.rest,
                                   row.remove ? &removes[row.table] : &writes[row.table]);
      });
      const auto& failures = recompute_->transform().failures();
      for (const auto& failure : failures)
        Refuse(StrCat("offset ", records.offsets[failure.record], ": ", failure.reason));
      replayed_.written += static_cast<int64_t>(records.size() - failures.size());
      chunk.Clear();
    };
    KS_RETURN_IF_ERROR(kafka::ScanPartition(
        kafka_, options_.partition, Offset(offsets.front()), Offset(offsets.back() + 1),
        [&](const std::vector<kafka::MessageView>& messages) {
          for (const kafka::MessageView& message : messages) {
            if (!std::binary_search(offsets.begin(), offsets.end(), message.offset().value()))
              continue;
            if (IsLast(message)) {
              chunk.Add(message);
            } else {
              ++replayed_.older;
            }
          }
          run();  // the messages live no longer than this call
          return true;
        }));
    if (mutations > pipeline::kBatchMutationsMax)
      return absl::OutOfRangeError("more than one commit can hold");
    std::string wire;
    pipeline::WireBuffer out;
    for (size_t i = 0; i < tables; ++i) {
      if (!removes[i].empty()) source_.tables[i].remove->AppendMutation(removes[i].view(), &out);
      if (!writes[i].empty()) source_.tables[i].write->AppendMutation(writes[i].view(), &out);
    }
    wire.append(out.view());
    return wire;
  }

  const absl::Status kOnlyTried = absl::CancelledError("only tried");

  spanner::Client& client_;
  kafka::Consumer& kafka_;
  const ReplayOptions& options_;
  const pipeline::PlannedSource& source_;
  std::unique_ptr<pipeline::Recompute> recompute_;
  std::string topic_id_;
  Replayed replayed_;
  std::vector<int64_t> heads_;  // by lane
  int64_t scanned_to_ = 0;      // last_ knows the records of [from, here)
  absl::flat_hash_map<std::string, int64_t> last_;
  absl::flat_hash_set<int64_t> dead_;
  int64_t held_bytes_ = 0;
};

}  // namespace

std::vector<std::string> NotReplayable(const pipeline::PlannedSource& source) {
  std::vector<std::string> tables;
  for (const pipeline::PlannedTable& table : source.tables) {
    if (table.mode != pipeline::TableMode::kSnapshot) {
      tables.push_back(StrCat(table.spec->name, " (", pipeline::ModeName(table.mode), ")"));
    } else if (table.alignment != pipeline::Alignment::kExact) {
      tables.push_back(StrCat(table.spec->name, " (several keys may write a row)"));
    }
  }
  return tables;
}

absl::StatusOr<Replayed> Replay(spanner::Client& client, kafka::Consumer& kafka,
                                const ReplayOptions& options) {
  return Replayer(client, kafka, options).Run();
}

}  // namespace ks::runtime
