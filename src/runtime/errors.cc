#include "runtime/errors.h"

#include "base/str_cat.h"

namespace ks::runtime {

absl::Status KafkaIsDown(std::string_view brokers, const absl::Status& reason) {
  return absl::UnavailableError(
      StrCat("Kafka at ", brokers, " does not answer (", View(reason.message()),
             "); waiting for it. Check `brokers:` in the pipeline file."));
}

absl::Status SpannerIsDown(std::string_view database, const absl::Status& reason) {
  return absl::UnavailableError(
      StrCat("Spanner does not answer for ", database, " (", View(reason.message()),
             "); waiting for it. Check `database:` and SPANNER_EMULATOR_HOST."));
}

absl::Status StopTookTooLong() {
  return absl::DeadlineExceededError(
      "stopped before everything in flight was answered; nothing is lost: the next worker goes on "
      "from the chains");
}

}  // namespace ks::runtime
