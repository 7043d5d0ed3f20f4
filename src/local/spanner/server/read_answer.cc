#include "local/spanner/server/read_answer.h"

#include <utility>

#include "base/status_macros.h"
#include "local/spanner/server/errors.h"

namespace ks::local {

absl::Status RunInScope(ReadScope& scope, absl::FunctionRef<absl::Status()> body) {
  absl::Status status = scope.Observe(body());
  if (!status.ok()) scope.ForgetIfBegun();
  return status;
}

absl::Status StreamAnswer(std::string_view resume_token, uint64_t request, MessageWriter& writer,
                          OpenAt open, StreamBody body) {
  StreamSink::Options options;
  std::optional<CommitTimestamp> resume_at;
  if (!resume_token.empty()) {
    KS_ASSIGN_OR_RETURN(const ResumePoint point, ParseResumeToken(resume_token));
    if (point.request != request) return errors::ResumeTokenInvalid();
    resume_at = point.timestamp;
    options.skip_rows = point.rows;
  }
  KS_ASSIGN_OR_RETURN(std::unique_ptr<ReadScope> scope, open(resume_at));
  options.request = request;
  options.resumable_at = scope->resumable_at();
  if (scope->read_only()) {
    StreamSink sink(writer, options);
    return RunInScope(*scope, [&] { return body(*scope, sink, nullptr); });
  }
  BufferingWriter gathered;
  StreamSink sink(gathered, options);
  KS_RETURN_IF_ERROR(RunInScope(*scope, [&] { return body(*scope, sink, &gathered); }));
  scope.reset();
  return BufferingWriter::Send(gathered.Take(), writer);
}

}  // namespace ks::local
