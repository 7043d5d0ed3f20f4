// Where the traces of a command that runs pipelines go: to the OpenTelemetry receiver that the
// environment names (observe/otlp.h).
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "identity/connection_log.h"
#include "observe/metrics.h"
#include "observe/trace_exporter.h"

namespace ks::cli {

// Null where no receiver is named. `log`, which may be null, and `metrics` outlive it; metrics are
// asked for no text after its end.
absl::StatusOr<std::unique_ptr<observe::TraceExporter>> OpenTraces(identity::ConnectionLog* log,
                                                                   observe::Metrics& metrics);

}  // namespace ks::cli
