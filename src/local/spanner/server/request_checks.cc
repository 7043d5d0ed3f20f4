#include "local/spanner/server/request_checks.h"

#include <algorithm>

#include "base/status_macros.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"

namespace ks::local {

namespace {

absl::Status CheckTag(std::string_view field, std::string_view tag) {
  const bool printable =
      std::all_of(tag.begin(), tag.end(), [](char c) { return c >= 32 && c < 127; });
  return printable ? absl::OkStatus() : errors::TagTooLong(field);
}

}  // namespace

absl::Status CheckRequestSize(const google::protobuf::Message& request) {
  const size_t bytes = request.ByteSizeLong();
  if (bytes > static_cast<size_t>(limits::kRequestBytes))
    return errors::RequestTooLarge(bytes, limits::kRequestBytes);
  return absl::OkStatus();
}

absl::Status CheckRequestOptions(const google::spanner::v1::RequestOptions& options) {
  KS_RETURN_IF_ERROR(CheckTag("request_tag", options.request_tag()));
  return CheckTag("transaction_tag", options.transaction_tag());
}

}  // namespace ks::local
