#include "local/spanner/server/server.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "local/spanner/ddl/schema_change.h"
#include "local/spanner/server/call_loop.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/services.h"

namespace ks::local {

namespace {

constexpr absl::Duration kSweepEvery = absl::Seconds(1);

// Two processors are one for the clients and one for us.
int LoopCount() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) / 2, 1,
                    limits::kLoopsMax);
}

}  // namespace

struct LocalSpannerServer::Parts {
  Parts(std::unique_ptr<Registry> registry, env::Clock& clock)
      : state(std::move(registry), clock),
        spanner(state),
        database_admin(state),
        instance_admin(state),
        operations(state),
        health(state),
        faults(state) {}

  void KeepHouse() {
    absl::MutexLock lock(&mu);
    while (!mu.AwaitWithTimeout(absl::Condition(&stopping), kSweepEvery)) {
      mu.Unlock();
      state.sessions.Sweep();
      state.registry->DeleteExpiredBackups();
      mu.Lock();
    }
  }

  std::vector<RpcService*> services() {
    return {&spanner, &database_admin, &instance_admin, &operations, &health, &faults};
  }

  ServerState state;
  SpannerService spanner;
  DatabaseAdminService database_admin;
  InstanceAdminService instance_admin;
  OperationsService operations;
  HealthService health;
  FaultService faults;
  std::vector<std::unique_ptr<CallLoop>> loops;
  std::unique_ptr<grpc::Server> grpc;
  std::thread housekeeping;

  absl::Mutex mu;
  bool stopping ABSL_GUARDED_BY(mu) = false;
  bool stopped ABSL_GUARDED_BY(mu) = false;
};

LocalSpannerServer::LocalSpannerServer() = default;
LocalSpannerServer::~LocalSpannerServer() { Shutdown(0); }

absl::StatusOr<std::unique_ptr<LocalSpannerServer>> LocalSpannerServer::Start(
    const ServerOptions& options) {
  for (const std::string& limit : options.limits) KS_RETURN_IF_ERROR(limits::Relax(limit));
  env::Clock& clock = options.clock != nullptr ? *options.clock : env::RealClock();
  KS_ASSIGN_OR_RETURN(
      auto registry, Registry::Open({options.data_dir, options.sync, options.auto_create, &clock}));
  std::unique_ptr<LocalSpannerServer> server(new LocalSpannerServer);
  server->parts_ = std::make_unique<Parts>(std::move(registry), clock);
  Parts& parts = *server->parts_;
  KS_RETURN_IF_ERROR(parts.state.faults.Set(options.faults, options.fault_seed));
  for (const std::string& database : options.databases) {
    KS_RETURN_IF_ERROR(server->EnsureDatabase(database));
  }

  // Its own health service has threads that poll, and then every call goes through one of them.
  grpc::EnableDefaultHealthCheckService(false);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  KS_ASSIGN_OR_RETURN(const auto credentials, MakeServerCredentials(options.security));
  builder.AddListeningPort(options.listen_address, credentials, &server->port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second server must fail, not share
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageBytes));
  builder.SetMaxSendMessageSize(static_cast<int>(limits::kMessageBytes));
  for (RpcService* service : parts.services()) builder.RegisterService(service);
  for (int i = 0; i < LoopCount(); ++i) {
    parts.loops.push_back(std::make_unique<CallLoop>(builder.AddCompletionQueue()));
  }
  parts.grpc = builder.BuildAndStart();
  if (parts.grpc == nullptr || server->port_ == 0) {
    return absl::UnavailableError(
        absl::StrCat("Cannot listen on ", options.listen_address,
                     ". Is another server running there? Choose another address, or port 0."));
  }
  for (const auto& loop : parts.loops) {
    for (RpcService* service : parts.services()) service->Await(*loop);
    loop->Start();
  }
  const size_t colon = options.listen_address.rfind(':');
  server->address_ = absl::StrCat(options.listen_address.substr(0, colon), ":", server->port_);
  parts.housekeeping = std::thread([&parts] { parts.KeepHouse(); });
  return server;
}

absl::Status LocalSpannerServer::EnsureDatabase(std::string_view name,
                                                const std::vector<std::string>& ddl) {
  KS_ASSIGN_OR_RETURN(const DatabaseName parsed, ParseDatabase(name));
  Registry& registry = *parts_->state.registry;
  if (registry.GetDatabase(parsed).ok()) return absl::OkStatus();
  InstanceRecord instance;
  instance.name = std::string(parsed.instance.uri);
  instance.config =
      absl::StrCat("projects/", parsed.instance.project, "/instanceConfigs/emulator-config");
  instance.display_name = std::string(parsed.instance.instance);
  instance.created_nanos = instance.updated_nanos = parts_->state.clock.NowNanos();
  if (absl::Status made = registry.CreateInstance(instance);
      !made.ok() && !absl::IsAlreadyExists(made)) {
    return made;
  }
  KS_ASSIGN_OR_RETURN(auto open, registry.PrepareDatabase(parsed));
  absl::Status done = ddl.empty() ? absl::OkStatus() : ApplyDdl(open->database(), {ddl});
  if (done.ok()) done = registry.PublishDatabase(open).status();
  if (!done.ok()) registry.AbandonDatabase(open);
  return done;
}

void LocalSpannerServer::Shutdown(int64_t grace_millis) {
  if (parts_ == nullptr || parts_->grpc == nullptr) return;
  {
    absl::MutexLock lock(&parts_->mu);
    if (parts_->stopping) return;
    parts_->stopping = true;
  }
  parts_->grpc->Shutdown(env::AfterNanos(grace_millis * env::kNanosPerMilli));
  parts_->grpc->Wait();
  for (const auto& loop : parts_->loops) loop->Stop();
  parts_->housekeeping.join();
  absl::MutexLock lock(&parts_->mu);
  parts_->stopped = true;
}

void LocalSpannerServer::Wait() {
  absl::MutexLock lock(&parts_->mu);
  parts_->mu.Await(absl::Condition(&parts_->stopped));
}

}  // namespace ks::local
