#include "local/spanner/server/status_wire.h"

#include <string>

#include "absl/strings/cord.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"
#include "local/spanner/server/limits.h"

namespace ks::local {

namespace {

constexpr std::string_view kTypePrefix = "type.googleapis.com/";

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

// A status travels in headers, of which a client takes 16 KiB: a longer text would not be an error
// message but a broken call. Cut between characters.
std::string Shortened(std::string_view text) {
  if (text.size() <= limits::kStatusTextBytes) return std::string(text);
  size_t end = limits::kStatusTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

void Attach(std::string_view url, const google::protobuf::Message& message, absl::Status* status) {
  status->SetPayload(ToAbsl(url), absl::Cord(message.SerializeAsString()));
}

}  // namespace

void ToRpcStatus(const absl::Status& status, google::rpc::Status* out) {
  out->set_code(static_cast<int>(status.code()));
  out->set_message(Shortened({status.message().data(), status.message().size()}));
  status.ForEachPayload([out](absl::string_view url, const absl::Cord& bytes) {
    if (url.substr(0, kTypePrefix.size()) != ToAbsl(kTypePrefix)) return;  // for us alone
    google::protobuf::Any* detail = out->add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(bytes));
  });
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status rich;
  ToRpcStatus(status, &rich);
  const auto code = static_cast<grpc::StatusCode>(status.code());
  std::string details = rich.details_size() > 0 ? rich.SerializeAsString() : std::string();
  return grpc::Status(code, rich.message(), std::move(details));
}

void AttachResource(std::string_view type, std::string_view name, std::string_view description,
                    absl::Status* status) {
  google::rpc::ResourceInfo info;
  info.set_resource_type(std::string(type));
  info.set_resource_name(Shortened(name));
  info.set_description(Shortened(description));
  Attach(kResourceInfoUrl, info, status);
}

void AttachRetry(int64_t delay_millis, absl::Status* status) {
  if (status->GetPayload(ToAbsl(kRetryInfoUrl)).has_value()) return;
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(delay_millis / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(delay_millis % 1000) * 1'000'000);
  Attach(kRetryInfoUrl, info, status);
}

}  // namespace ks::local
