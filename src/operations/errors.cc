#include "operations/errors.h"

#include "absl/strings/str_join.h"
#include "base/str_cat.h"

namespace ks::operations {
namespace {

// Where a table may not be written again.
constexpr std::string_view kAnotherPipeline =
    "The way to replay them: a copy of the pipeline file with another name after `pipeline:` and "
    "other tables (`plan --apply` makes them), which reads the topic from where its `start:` says";

}  // namespace

absl::Status WhichTopic(std::string_view topic, std::string_view pipeline,
                        const std::vector<std::string>& known) {
  return absl::InvalidArgumentError(
      StrCat(topic.empty() ? std::string("say which topic") : StrCat("no topic ", topic),
             ": pipeline ", pipeline, " reads ", absl::StrJoin(known, ", ")));
}

absl::Status NoSuchPartition(std::string_view topic, int partitions, int partition) {
  return absl::InvalidArgumentError(
      StrCat("topic ", topic, " has partitions 0 to ", partitions - 1, ", and no ", partition));
}

absl::Status PartitionsDoNotAnswer(std::string_view topic) {
  return absl::UnavailableError(StrCat("some partitions of ", topic, " do not answer"));
}

absl::Status NoPosition(std::string_view option, std::string_view position) {
  return absl::InvalidArgumentError(
      StrCat(option, " ", position,
             ": write an offset, earliest, latest, or a time such as 2026-01-31T08:00:00Z"));
}

absl::Status NotInPartition(std::string_view topic, int32_t partition, int64_t offset, int64_t low,
                            int64_t high) {
  const std::string has = low == high ? StrCat("has no record; its end is ", high)
                                      : StrCat("has ", low, " to ", high - 1);
  return absl::InvalidArgumentError(StrCat("offset ", offset, " is not in partition ", partition,
                                           " of ", topic, ", which ", has,
                                           ": choose one of these, earliest or latest"));
}

absl::Status RewindRefused(std::string_view topic, int64_t partition,
                           const std::vector<std::string>& tables) {
  return absl::FailedPreconditionError(StrCat(
      "partition ", partition, " of ", topic,
      " would go back, and records that are written already would be counted or inserted twice in ",
      absl::StrJoin(tables, ", "), ". Refused. ", kAnotherPipeline, "."));
}

absl::Status NothingToSkipFrom() {
  return absl::FailedPreconditionError(
      "the topic was created again, or its checkpoints are damaged: use `offsets set`");
}

absl::Status MovedMeanwhile(std::string_view topic, int64_t partition) {
  return absl::FailedPreconditionError(
      StrCat("partition ", partition, " of ", topic,
             " does not stand where it stood when this was planned: stop the pipeline, and plan "
             "again"));
}

absl::Status ReplayRefused(const std::vector<std::string>& tables) {
  return absl::FailedPreconditionError(
      StrCat("records that are written already would be counted or inserted twice, or might undo "
             "newer ones, in ",
             absl::StrJoin(tables, ", "), ". Refused. ", kAnotherPipeline,
             "; then let readers see the new tables, by a view of theirs or RENAME TABLE."));
}

absl::Status NoCondition(std::string_view reason) {
  return absl::InvalidArgumentError(
      StrCat("where: ", reason,
             ". It is a condition over Topic, KafkaPartition, KafkaOffset, RecordTimestamp, "
             "RecordKey, RecordValue, Headers, Stage, Reason, FailedAt."));
}

absl::Status WhichLetters() {
  return absl::InvalidArgumentError("say which dead letters: a condition (`where`), or all");
}

absl::Status TooManyLetters(size_t most) {
  return absl::OutOfRangeError(
      StrCat("more than ", most, " dead letters at once: choose fewer, by `where`"));
}

absl::Status SchemaChangedMeanwhile() {
  return absl::FailedPreconditionError(
      "the database lacks other tables than when this was planned: plan again");
}

absl::Status NothingMissing() {
  return absl::FailedPreconditionError("the database lacks nothing: there is nothing to create");
}

absl::Status ExpectedOptions(std::string_view verb, std::string_view example) {
  return absl::InvalidArgumentError(StrCat(verb, " takes ", example));
}

absl::Status TooManyPartitions(size_t most) {
  return absl::OutOfRangeError(StrCat("more than ", most, " partitions at once"));
}

absl::Status ToldToStop() { return absl::CancelledError("told to stop; it goes on elsewhere"); }

}  // namespace ks::operations
