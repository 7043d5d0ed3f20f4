// RestGateway: the local Spanner's API as HTTP and JSON, for `gcloud spanner` and other clients of
// the REST API (https://cloud.google.com/spanner/docs/reference/rest).
//
// Each request becomes one gRPC call to the Spanner that it stands before, so that both APIs answer
// alike. Streaming RPCs answer with a JSON array. Thread safety: all methods from any thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ks::local {

class RestGateway {
 public:
  // Serves on `listen` (HOST:PORT, port 0: any free one) what `spanner_address` answers.
  // INVALID_ARGUMENT: `listen` is no address; UNAVAILABLE: it cannot be had.
  static absl::StatusOr<std::unique_ptr<RestGateway>> Start(const std::string& listen,
                                                            const std::string& spanner_address);
  ~RestGateway();  // running requests end first

  const std::string& address() const { return address_; }  // HOST:PORT

 private:
  struct Parts;
  RestGateway();

  std::unique_ptr<Parts> parts_;
  std::string address_;
};

}  // namespace ks::local
