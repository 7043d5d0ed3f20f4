// The gRPC services: which function serves which RPC. Thread safety: as RpcService.
#pragma once

#include "local/spanner/server/rpc.h"

namespace ks::local {

class SpannerService : public RpcService {
 public:
  explicit SpannerService(ServerState& state);
};

class DatabaseAdminService : public RpcService {
 public:
  explicit DatabaseAdminService(ServerState& state);
};

class InstanceAdminService : public RpcService {
 public:
  explicit InstanceAdminService(ServerState& state);
};

class OperationsService : public RpcService {
 public:
  explicit OperationsService(ServerState& state);
};

class HealthService : public RpcService {
 public:
  explicit HealthService(ServerState& state);
};

class FaultService : public RpcService {
 public:
  explicit FaultService(ServerState& state);
};

}  // namespace ks::local
