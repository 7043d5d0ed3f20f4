#include "pipeline/checkpoint_errors.h"

#include "base/str_cat.h"

namespace ks::pipeline {
namespace {

constexpr std::string_view kTwoWays =
    "Two ways on: (1) `kafka-spanner offsets set` puts the pipeline at an offset of your choice, "
    "keeping what the tables hold; (2) empty the tables and give the pipeline a new name, which "
    "starts as `start:` says.";

}  // namespace

std::string Describe(const ChainKey& key) {
  return StrCat("topic ", key.topic, ", partition ", key.partition, " (pipeline ", key.pipeline,
                ")");
}

absl::Status InTrace(const absl::Status& status, std::string_view trace) {
  if (trace.empty()) return status;
  return absl::Status(status.code(), StrCat(View(status.message()), " Trace: ", trace, "."));
}

absl::Status TopicRecreatedError(const ChainKey& key, std::string_view how_known) {
  return absl::FailedPreconditionError(
      StrCat(Describe(key), ": the topic was deleted and created again: ", how_known,
             ". Its offsets mean other records than those that are committed. ", kTwoWays));
}

absl::Status RecordsRemovedError(const ChainKey& key, int64_t next, int64_t low) {
  return absl::DataLossError(
      StrCat(Describe(key), ": the next record is at offset ", next,
             ", but the topic's retention has removed everything before offset ", low, ": up to ",
             low - next,
             " records are lost. Two ways on: (1) `on_data_loss: continue` in the pipeline "
             "goes on at ",
             low, "; (2) `kafka-spanner offsets set` puts it where you choose."));
}

absl::Status RecordsRemovedWarning(const ChainKey& key, int64_t next, int64_t low) {
  return absl::DataLossError(
      StrCat(Describe(key), ": offsets ", next, " to ", low - 1,
             " were removed by the topic's retention before they were read; going on at ", low,
             ", as `on_data_loss: continue` says."));
}

absl::Status TooManyDeadLettersError(const ChainKey& key, int64_t dead_letters, int64_t records) {
  return absl::ResourceExhaustedError(StrCat(
      Describe(key), ": ", dead_letters, " of the last ", records,
      " records became dead letters, so the pipeline stopped rather than send them all there. "
      "`kafka-spanner dlq list` shows the reasons; start again when they are understood, or raise "
      "`limits: {dead_letters: {max: …}}`."));
}

absl::Status RecordRefusedError(const ChainKey& key, int64_t offset, const absl::Status& cause) {
  return absl::Status(
      cause.code(),
      StrCat(Describe(key), ": Spanner refuses the record at offset ", offset, ": ",
             cause.message(),
             ". All records before it are committed. Correct the table or "
             "the pipeline, or let such records go to `else: dead_letter` or `else: skip`."));
}

absl::Status SpannerRefusesError(const ChainKey& key, const absl::Status& cause) {
  return absl::Status(
      cause.code(), StrCat(Describe(key), ": Spanner keeps refusing commits, whatever they hold: ",
                           cause.message(),
                           ". Nothing is lost: the pipeline goes on where it stands when "
                           "it is started again."));
}

absl::Status SpannerSilentWarning(const ChainKey& key, const absl::Status& cause) {
  return absl::Status(
      cause.code(),
      StrCat(Describe(key), ": no good answer from Spanner for some seconds: ", cause.message(),
             ". Trying again, at most every 30 seconds; nothing is lost."));
}

absl::Status ChainsUnreadableError(const ChainKey& key, const absl::Status& cause) {
  return absl::Status(
      cause.code(),
      StrCat(Describe(key), ": cannot read the checkpoints: ", cause.message(),
             ". Where the tables of schema kafka_spanner are missing, `kafka-spanner plan "
             "--apply FILE` makes them; where rights are, `plan --grants` lists them."));
}

absl::Status ChainsDamagedError(std::string_view what) {
  return absl::DataLossError(
      StrCat("kafka_spanner.Checkpoints was changed by something else than kafka-spanner: ", what,
             ". `kafka-spanner offsets set` puts the partition in order again."));
}

absl::Status NoChainsError(const ChainKey& key) {
  return absl::NotFoundError(
      StrCat(Describe(key), " has no checkpoints yet: a first run begins where `start:` says"));
}

absl::Status LanesNotDrainedError(const ChainKey& key) {
  return absl::FailedPreconditionError(
      StrCat(Describe(key), ": the lanes stand at different offsets; they must be drained first"));
}

absl::Status PositionRefusedReason(const ChainKey& key, int64_t position, int64_t high) {
  return absl::OutOfRangeError(StrCat(Describe(key), ": the broker refused offset ", position,
                                      "; the topic now ends at ", high));
}

absl::Status ChainsMovedReason(const ChainKey& key) {
  return absl::AbortedError(StrCat(Describe(key), ": another worker has moved the chains"));
}

}  // namespace ks::pipeline
