// OTLP: traces for an OpenTelemetry receiver, over HTTP as JSON, and what of OpenTelemetry's
// environment variables is heeded.
//
// https://opentelemetry.io/docs/specs/otlp/ (stable since 1.0; JSON for ids is hexadecimal, for 64
// bits text), https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
// .../protocol/exporter/. docs/guide/traces.md lists the variables. Thread safety: plain data and
// functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "env/environment.h"
#include "observe/trace.h"

namespace ks::observe {

struct OtlpSettings {
  std::string endpoint;  // a whole URL; empty: no traces
  std::vector<std::pair<std::string, std::string>> headers;
  std::string ca;                  // path of a PEM file; empty: the system's
  std::string client_certificate;  // paths of PEM files; empty: none is shown
  std::string client_key;
  int64_t timeout_ms = 10'000;
  TraceSampling sampling = TraceSampling(1.0);
  std::map<std::string, std::string> resource;  // service.name among them
  int64_t spans_queued_max = 2'048;
  int64_t spans_at_once_max = 512;
  int64_t delay_ms = 5'000;           // the longest that a span waits for others
  std::vector<std::string> warnings;  // of what is set and not heeded
};

// INVALID_ARGUMENT names the variable that cannot be understood. Never repeats a header's value.
absl::StatusOr<OtlpSettings> ReadOtlpSettings(const env::Environment& environment);

// ExportTraceServiceRequest.
std::string OtlpJson(const std::map<std::string, std::string>& resource,
                     const std::vector<Trace>& traces);

}  // namespace ks::observe
