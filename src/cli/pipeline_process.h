// What `run` and `dev` have in common: pipelines running in this process, their metrics page, and a
// word at the end.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/connect.h"
#include "identity/connection_log.h"
#include "identity/http_server.h"
#include "observe/metrics.h"
#include "pipeline/plan.h"
#include "pipeline/spec.h"
#include "runtime/pipeline_runner.h"
#include "runtime/start_wait.h"

namespace CLI {
class App;
}

namespace ks::cli {

// A pipeline that is ready to run.
struct ReadyPipeline {
  std::unique_ptr<pipeline::PipelineSpec> spec;
  std::unique_ptr<pipeline::Plan> plan;
  Connection connection;
};

// Plans `spec` against its database. With `create`, makes the tables that are missing, where that
// may be done without asking for more than rows (a local Spanner); without, they are an error that
// says how. A Spanner that is down is waited for.
absl::StatusOr<ReadyPipeline> Prepare(pipeline::PipelineSpec spec, const std::string& endpoint,
                                      bool create, const runtime::StartWait& wait = {},
                                      identity::ConnectionLog* log = nullptr,
                                      observe::Metrics* metrics = nullptr);

// This worker's name in the checkpoints: host and process.
std::string WriterName();

// --metrics HOST:PORT, --metrics-tls-certificate, --metrics-tls-private-key.
struct MetricsPage {
  std::string address;             // empty: there is none
  identity::CertificateFiles tls;  // without: plain HTTP
};
void AddMetricsOptions(CLI::App& command, MetricsPage* page);

// Serves /metrics, /healthz and /readyz until destroyed; null where no page is wanted. Who asks is
// told to `log`, which may be null.
absl::StatusOr<std::unique_ptr<identity::HttpServer>> ServeMetrics(const MetricsPage& page,
                                                                   observe::Metrics& metrics,
                                                                   identity::ConnectionLog* log);

// Records, rates and latencies so far, as lines of `name value`.
std::string SummaryText(const observe::Metrics& metrics, double seconds);
std::string SummaryJson(const observe::Metrics& metrics, double seconds);

}  // namespace ks::cli
