// The Stub that really calls: gRPC channels, used in turn. Transport errors come as absl::Status,
// with the details of google.rpc.Status as payloads keyed by their type URL.
#pragma once

#include <memory>
#include <string>

#include "spanner/stub.h"

namespace ks::spanner {

struct GrpcOptions {
  std::string endpoint;   // host:port
  bool plaintext = true;  // no TLS: a local Spanner
  int channels = 4;
};

std::unique_ptr<Stub> MakeGrpcStub(const GrpcOptions& options);

}  // namespace ks::spanner
