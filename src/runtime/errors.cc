#include "runtime/errors.h"

#include "base/str_cat.h"

namespace ks::runtime {

absl::Status KafkaIsDown(std::string_view brokers, const absl::Status& reason) {
  return absl::UnavailableError(StrCat("Kafka at ", brokers, " does not answer (",
                                       View(reason.message()),
                                       "). Check `brokers:` in the pipeline file."));
}

absl::Status KafkaForbids(std::string_view brokers, const absl::Status& reason) {
  return absl::PermissionDeniedError(
      StrCat("Kafka at ", brokers, " does not let us go on (", View(reason.message()),
             "). `kafka-spanner plan --grants FILE` prints the ACLs that are needed; `doctor FILE` "
             "says which are there."));
}

absl::Status SpannerIsDown(std::string_view database, const absl::Status& reason) {
  return absl::UnavailableError(
      StrCat("Spanner does not answer for ", database, " (", View(reason.message()),
             "). Check `database:`, --endpoint and SPANNER_EMULATOR_HOST."));
}

absl::Status ChainsUnreachable(std::string_view topic, const absl::Status& reason) {
  const bool waiting_helps = absl::IsUnavailable(reason) || absl::IsDeadlineExceeded(reason) ||
                             absl::IsAborted(reason) || absl::IsUnknown(reason) ||
                             absl::IsInternal(reason) || absl::IsCancelled(reason);
  return absl::Status(
      waiting_helps ? absl::StatusCode::kUnavailable : reason.code(),
      StrCat("Spanner gives no checkpoints for topic ", topic, " (", View(reason.message()), ")."));
}

absl::Status SchemaAwaited(std::string_view topic, int32_t partition, const absl::Status& reason) {
  return absl::UnavailableError(
      StrCat("partition ", partition, " of topic ", topic,
             " waits for the schema of its next records, and stops after a minute without (",
             View(reason.message()), "). Other partitions go on."));
}

absl::Status StopTookTooLong() {
  return absl::DeadlineExceededError(
      "stopped before everything in flight was answered; nothing is lost: the next worker goes on "
      "from the chains");
}

absl::Status TopicCreatedAgain(std::string_view topic) {
  return absl::FailedPreconditionError(StrCat(
      "topic ", topic,
      " was created again: its records are not those that the tables were made of. Nothing "
      "can be compared; `offsets set FILE --to earliest --apply` begins with the new ones."));
}

}  // namespace ks::runtime
