#include "runtime/redrive.h"

#include <google/spanner/v1/spanner.pb.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/text.h"
#include "kafka/admin.h"
#include "kafka/partition_scan.h"
#include "pipeline/chain.h"
#include "pipeline/checkpoint.h"
#include "pipeline/lane_hash.h"
#include "pipeline/limits.h"
#include "pipeline/record_writer.h"
#include "runtime/spanner_port.h"

namespace ks::runtime {
namespace {

namespace v1 = google::spanner::v1;
using pipeline::RowsPtr;
using Transaction = spanner::Client::Transaction;

constexpr size_t kLettersPerTransaction = 200;

struct Letter {
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  bool whole = true;  // false: it was too large to be kept
};

std::optional<std::string> Bytes(const google::protobuf::Value& value) {
  if (!value.has_string_value()) return std::nullopt;
  const std::string& text = value.string_value();
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  (void)formats::DecodeBase64(text, bytes.data(), &size);
  bytes.resize(size);
  return bytes;
}

// As record_writer.cc writes them.
void ReadHeaders(const google::protobuf::Value& value, Letter* letter) {
  if (!value.has_string_value()) return;
  const auto list = nlohmann::json::parse(value.string_value(), nullptr, false);
  if (!list.is_array()) return;
  for (const auto& entry : list) {
    std::optional<std::string> bytes;
    if (entry.contains("base64")) {
      google::protobuf::Value text;
      text.set_string_value(entry.value("base64", ""));
      bytes = Bytes(text);
    } else if (entry.contains("value") && entry["value"].is_string()) {
      bytes = entry["value"].get<std::string>();
    }
    letter->headers.emplace_back(entry.value("name", ""), std::move(bytes));
  }
}

class LetterHeaders : public pipeline::HeaderSource {
 public:
  explicit LetterHeaders(const Letter& letter) : letter_(letter) {}
  void Read(uint32_t /*record*/, std::vector<pipeline::RecordHeader>* headers) const override {
    for (const auto& [name, value] : letter_.headers)
      headers->push_back({name, value ? std::string_view(*value) : std::string_view()});
  }

 private:
  const Letter& letter_;
};

v1::ExecuteSqlRequest LettersQuery(const RedriveOptions& options, const std::string& columns,
                                   const std::vector<int64_t>& offsets) {
  v1::ExecuteSqlRequest request;
  request.set_sql(StrCat("SELECT ", columns,
                         " FROM kafka_spanner.DeadLetters WHERE Pipeline = @pipeline AND Topic = "
                         "@topic AND KafkaPartition = @partition AND KafkaOffset IN "
                         "UNNEST(@offsets) ORDER BY KafkaOffset"));
  auto& values = *request.mutable_params()->mutable_fields();
  auto& types = *request.mutable_param_types();
  values["pipeline"].set_string_value(options.plan->spec->name);
  types["pipeline"].set_code(v1::STRING);
  values["topic"].set_string_value(options.partition.topic);
  types["topic"].set_code(v1::STRING);
  values["partition"].set_string_value(StrCat(options.partition.partition.value()));
  types["partition"].set_code(v1::INT64);
  for (const int64_t offset : offsets)
    values["offsets"].mutable_list_value()->add_values()->set_string_value(StrCat(offset));
  types["offsets"].set_code(v1::ARRAY);
  types["offsets"].mutable_array_element_type()->set_code(v1::INT64);
  return request;
}

absl::StatusOr<std::vector<Letter>> ReadLetters(Transaction& transaction,
                                                const RedriveOptions& options,
                                                const std::vector<int64_t>& offsets) {
  KS_ASSIGN_OR_RETURN(
      const auto rows,
      transaction.Query(LettersQuery(
          options, "KafkaOffset, RecordTimestamp, RecordKey, RecordValue, Headers, Reason",
          offsets)));
  std::vector<Letter> letters;
  for (const auto& row : rows->rows()) {
    Letter letter;
    (void)absl::SimpleAtoi(row.values(0).string_value(), &letter.offset);
    absl::Time time;
    std::string error;
    if (absl::ParseTime(absl::RFC3339_full, row.values(1).string_value(), &time, &error))
      letter.timestamp_ms = absl::ToUnixMillis(time);
    letter.key = Bytes(row.values(2));
    letter.value = Bytes(row.values(3));
    ReadHeaders(row.values(4), &letter);
    for (const auto* part : {&letter.key, &letter.value})
      letter.whole &= !part->has_value() || (*part)->size() < pipeline::kDeadLetterCellBytesMax;
    letter.whole &= !row.values(5).string_value().ends_with("the headers are too large to be kept");
    letters.push_back(std::move(letter));
  }
  return letters;
}

// ---- Order

// Which records of the dead letters' keys come later in the partition, up to the chains' heads.
class LaterRecords {
 public:
  LaterRecords(kafka::Consumer& kafka, const RedriveOptions& options)
      : kafka_(kafka), options_(options) {
    for (const auto& table : options.plan->sources[options.source].tables) {
      if (table.mode != pipeline::TableMode::kSnapshot) continue;
      needed_ = true;
      if (table.alignment != pipeline::Alignment::kExact) unaligned_ = table.spec->name;
    }
  }

  // Reads on to where the chains stand in this transaction.
  absl::Status Look(Transaction& transaction, const std::vector<Letter>& letters) {
    if (!needed_ || letters.empty()) return absl::OkStatus();
    const pipeline::ChainKey key{options_.plan->spec->name, options_.partition.topic,
                                 options_.partition.partition.value()};
    KS_ASSIGN_OR_RETURN(const auto rows, ReadRows(pipeline::ChainReads(key), transaction));
    KS_ASSIGN_OR_RETURN(const auto chains, pipeline::DecodeChains(rows));
    if (!chains) return absl::OkStatus();  // nothing was ever written
    lanes_ = chains->lanes;
    int64_t head = 0;
    for (const auto& lane : lanes_) head = std::max(head, lane.head);
    KS_RETURN_IF_ERROR(Scan(chains->topic_id, head, letters));
    return FindDeadOnes(transaction);
  }

  // Why the dead letter has to stay; empty: nothing later of its key is in the tables.
  std::string Refusal(const Letter& letter) const {
    if (!needed_) return "";
    if (!unaligned_.empty())
      return StrCat("rows of ", unaligned_,
                    " may be written by several keys, so its order is not known");
    if (recreated_) return "the topic was created again, so the order of its key is not known";
    if (low_ > letter.offset + 1)
      return StrCat("retention has removed records up to ", low_ - 1,
                    " after it, so whether its key has a newer one is not known");
    const auto found = later_.find(letter.key);
    if (found == later_.end()) return "";
    const auto lanes = static_cast<uint32_t>(lanes_.size());
    for (const int64_t offset : found->second) {
      const uint64_t hash = pipeline::LaneHashOf(letter.key, offset);
      if (offset > letter.offset && offset < lanes_[pipeline::LaneOf(hash, lanes)].head &&
          !dead_.contains(offset))
        return StrCat("a newer record of its key, at offset ", offset, ", is committed");
    }
    return "";
  }

 private:
  absl::Status Scan(const std::string& topic_id, int64_t head, const std::vector<Letter>& letters) {
    if (scanned_to_ < 0) {
      scanned_to_ = letters.front().offset + 1;
      KS_ASSIGN_OR_RETURN(const auto topic,
                          kafka::DescribeTopic(kafka_.handle(), options_.partition.topic));
      recreated_ = !topic_id.empty() && !topic.topic_id.empty() && topic_id != topic.topic_id;
      for (const Letter& letter : letters) later_[letter.key];
    }
    KS_RETURN_IF_ERROR(Low());
    if (recreated_ || scanned_to_ >= head) return absl::OkStatus();
    KS_RETURN_IF_ERROR(
        kafka::ScanPartition(kafka_, options_.partition, Offset(std::max(scanned_to_, low_)),
                             Offset(head), [this](const std::vector<kafka::MessageView>& messages) {
                               for (const kafka::MessageView& message : messages) {
                                 std::optional<std::string> key;
                                 if (message.key()) key = std::string(*message.key());
                                 const auto found = later_.find(key);
                                 if (found != later_.end())
                                   found->second.push_back(message.offset().value());
                               }
                               return true;
                             }));
    scanned_to_ = head;
    return Low();  // what went while we read
  }

  absl::Status Low() {
    KS_ASSIGN_OR_RETURN(const auto low, kafka::ListOffsets(kafka_.handle(), {options_.partition},
                                                           kafka::kFirstOffset));
    if (low.empty()) return absl::UnavailableError("the partition has no leader now");
    low_ = low.begin()->second.value();
    return absl::OkStatus();
  }

  // Later records that are dead letters themselves are in no table.
  absl::Status FindDeadOnes(Transaction& transaction) {
    std::vector<int64_t> offsets;
    for (const auto& [key, list] : later_) offsets.insert(offsets.end(), list.begin(), list.end());
    dead_.clear();
    if (offsets.empty()) return absl::OkStatus();
    KS_ASSIGN_OR_RETURN(const auto rows,
                        transaction.Query(LettersQuery(options_, "KafkaOffset", offsets)));
    for (const auto& row : rows->rows()) {
      int64_t offset = 0;
      if (absl::SimpleAtoi(row.values(0).string_value(), &offset)) dead_.insert(offset);
    }
    return absl::OkStatus();
  }

  kafka::Consumer& kafka_;
  const RedriveOptions& options_;
  bool needed_ = false;  // some table keeps the latest row of a key
  std::string unaligned_;
  bool recreated_ = false;
  int64_t low_ = 0;
  int64_t scanned_to_ = -1;
  std::vector<pipeline::ChainHead> lanes_;
  std::map<std::optional<std::string>, std::vector<int64_t>> later_;
  std::set<int64_t> dead_;
};

// ---- One transaction

// Puts one dead letter through the pipeline; its rows are in the writer's lane then.
Redriven Write(const Letter& letter, const RedriveOptions& options,
               pipeline::RecordWriter& writer) {
  if (!letter.whole)
    return {letter.offset, RedriveResult::kFailed, "it was too large to be kept whole"};
  const std::string_view key = letter.key ? std::string_view(*letter.key) : std::string_view();
  const std::string_view value =
      letter.value ? std::string_view(*letter.value) : std::string_view();
  const LetterHeaders headers(letter);
  const pipeline::Records records{.topic = options.partition.topic,
                                  .partition = options.partition.partition.value(),
                                  .offsets = {&letter.offset, 1},
                                  .timestamps_ms = {&letter.timestamp_ms, 1},
                                  .keys = {&key, 1},
                                  .values = {&value, 1},
                                  .headers = letter.headers.empty() ? nullptr : &headers};
  const pipeline::RecordWriterStats before = writer.stats();
  static constexpr uint16_t kLane = 0;
  const auto refused = writer.Write(records, {&kLane, 1});
  const auto& failures = writer.failures();
  const std::string reason = failures.empty() ? "" : failures.front().reason;
  if (refused || writer.stats().dead_letters > before.dead_letters)
    return {letter.offset, RedriveResult::kFailed, reason};
  if (writer.stats().skipped > before.skipped)
    return {letter.offset, RedriveResult::kSkipped, reason};
  return {letter.offset, RedriveResult::kWritten, ""};
}

absl::StatusOr<std::string> LaneMutations(Transaction& transaction, pipeline::LaneData& lane) {
  std::string wire;
  if (lane.open().records == 0) return wire;
  lane.Close({.records = INT64_MAX,
              .bytes = pipeline::kBatchBytesMax,
              .mutations = pipeline::kBatchMutationsMax});
  // Halved by the caller, down to one.
  if (lane.open().records > 0) return absl::OutOfRangeError("more than one commit can hold");
  const auto reads = lane.MissingReads();
  KS_ASSIGN_OR_RETURN(const auto rows, ReadRows(reads, transaction));
  if (!reads.empty()) KS_RETURN_IF_ERROR(lane.OnRead(rows));
  lane.AppendMutations(&wire);
  return wire;
}

void AppendDelete(const RedriveOptions& options, const std::vector<int64_t>& offsets,
                  std::string* wire) {
  if (offsets.empty()) return;
  v1::CommitRequest request;
  auto& gone = *request.add_mutations()->mutable_delete_();
  gone.set_table("kafka_spanner.DeadLetters");
  for (const int64_t offset : offsets) {
    auto& key = *gone.mutable_key_set()->add_keys();
    key.add_values()->set_string_value(options.plan->spec->name);
    key.add_values()->set_string_value(options.partition.topic);
    key.add_values()->set_string_value(StrCat(options.partition.partition.value()));
    key.add_values()->set_string_value(StrCat(offset));
  }
  wire->append(request.SerializeAsString());
}

absl::StatusOr<std::vector<Redriven>> RunOne(spanner::Client& client, LaterRecords& later,
                                             const RedriveOptions& options,
                                             const std::vector<int64_t>& offsets) {
  std::vector<Redriven> results;
  const absl::Status only_tried = absl::CancelledError("a dry run");
  const auto answer =
      client.RunTransaction([&](Transaction& transaction) -> absl::StatusOr<std::string> {
        results.clear();
        KS_ASSIGN_OR_RETURN(const auto letters, ReadLetters(transaction, options, offsets));
        KS_RETURN_IF_ERROR(later.Look(transaction, letters));
        KS_ASSIGN_OR_RETURN(
            const auto writer,
            pipeline::RecordWriter::Create(*options.plan, options.source, options.partition.topic,
                                           options.partition.partition.value()));
        const auto lane = writer->MakeRedriveLane();
        std::vector<int64_t> done;
        for (const Letter& letter : letters) {
          const std::string refusal = later.Refusal(letter);
          results.push_back(refusal.empty()
                                ? Write(letter, options, *writer)
                                : Redriven{letter.offset, RedriveResult::kOlder, refusal});
          const RedriveResult result = results.back().result;
          if (result == RedriveResult::kWritten || result == RedriveResult::kSkipped)
            done.push_back(letter.offset);
        }
        KS_ASSIGN_OR_RETURN(std::string wire, LaneMutations(transaction, *lane));
        AppendDelete(options, done, &wire);
        if (options.dry_run || wire.empty()) return only_tried;
        if (options.with) KS_RETURN_IF_ERROR(options.with(transaction, done, &wire));
        return wire;
      });
  if (answer.status == only_tried) return results;
  KS_RETURN_IF_ERROR(answer.status);
  if (options.after) KS_RETURN_IF_ERROR(options.after());
  return results;
}

// What Spanner refuses is halved down to the dead letter at fault, which stays.
absl::Status RunHalving(spanner::Client& client, LaterRecords& later, const RedriveOptions& options,
                        const std::vector<int64_t>& offsets, std::vector<Redriven>* results) {
  auto some = RunOne(client, later, options, offsets);
  if (some.ok()) {
    results->insert(results->end(), some->begin(), some->end());
    return absl::OkStatus();
  }
  if (!pipeline::IsDataError(some.status().code())) return some.status();
  if (offsets.size() == 1) {
    results->push_back(
        {offsets[0], RedriveResult::kFailed, StrCat("Spanner: ", some.status().message())});
    return absl::OkStatus();
  }
  const auto middle = offsets.begin() + static_cast<ptrdiff_t>(offsets.size() / 2);
  KS_RETURN_IF_ERROR(RunHalving(client, later, options, {offsets.begin(), middle}, results));
  return RunHalving(client, later, options, {middle, offsets.end()}, results);
}

}  // namespace

absl::StatusOr<std::vector<Redriven>> Redrive(spanner::Client& client, kafka::Consumer& kafka,
                                              const RedriveOptions& options,
                                              const std::vector<int64_t>& offsets) {
  std::vector<Redriven> results;
  for (size_t begin = 0; begin < offsets.size(); begin += kLettersPerTransaction) {
    const size_t end = std::min(offsets.size(), begin + kLettersPerTransaction);
    const std::vector<int64_t> some(offsets.begin() + static_cast<ptrdiff_t>(begin),
                                    offsets.begin() + static_cast<ptrdiff_t>(end));
    LaterRecords later(kafka, options);
    KS_RETURN_IF_ERROR(RunHalving(client, later, options, some, &results));
  }
  std::set<int64_t> found;
  for (const Redriven& each : results) found.insert(each.offset);
  for (const int64_t offset : offsets) {
    if (!found.contains(offset)) results.push_back({offset, RedriveResult::kGone, ""});
  }
  return results;
}

}  // namespace ks::runtime
