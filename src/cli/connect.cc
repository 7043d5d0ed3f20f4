#include "cli/connect.h"

#include "base/status_macros.h"
#include "cli/pipeline_process.h"
#include "spanner/stub_factory.h"

namespace ks::cli {

ConnectTo TargetOf(const pipeline::PipelineSpec& spec, const std::string& endpoint,
                   identity::ConnectionLog* log) {
  return {.database = spec.target.database,
          .endpoint = endpoint.empty() ? spec.target.endpoint : endpoint,
          .role = spec.target.role,
          .log = log};
}

absl::StatusOr<Connection> Connect(const ConnectTo& to) {
  KS_RETURN_IF_ERROR(spanner::ParseDatabaseName(to.database).status());
  Connection connection;
  connection.identity = std::make_unique<identity::Services>(
      identity::ServicesOptions{.log = to.log, .metrics = to.metrics});
  KS_ASSIGN_OR_RETURN(connection.stub,
                      spanner::MakeStub({.endpoint = to.endpoint,
                                         .identity = connection.identity.get(),
                                         .admin = to.admin,
                                         .retry_total_millis = to.retry_total_millis}));
  spanner::ClientOptions options;
  options.database = to.database;
  options.role = to.role;
  options.cancellation = to.cancellation;
  connection.client = std::make_unique<spanner::Client>(connection.stub, options);
  connection.admin = std::make_unique<spanner::Admin>(connection.stub);
  return connection;
}

operations::Target TargetOn(const pipeline::PipelineSpec& spec, const Connection& connection) {
  return {.spec = &spec,
          .client = connection.client.get(),
          .admin = connection.admin.get(),
          .identity = connection.identity.get(),
          .writer = WriterName()};
}

}  // namespace ks::cli
