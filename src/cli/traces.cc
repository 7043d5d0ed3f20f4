#include "cli/traces.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/pipeline_process.h"
#include "env/environment.h"
#include "identity/secret_reference.h"
#include "identity/services.h"
#include "identity/url.h"
#include "observe/log.h"

namespace ks::cli {
namespace {

bool IsReference(const std::string& value) { return value.starts_with(identity::kSecretScheme); }

// Sends bodies to one receiver. Secrets and certificates are read anew each time, so they may
// change.
class Receiver {
 public:
  Receiver(observe::OtlpSettings settings, identity::ConnectionLog* log, observe::Metrics& metrics)
      : settings_(std::move(settings)), services_({.log = log, .metrics = &metrics}) {}

  absl::Status Check() const {
    for (const auto& [name, value] : settings_.headers) {
      if (!IsReference(value)) continue;
      KS_RETURN_IF_ERROR(identity::ParseSecretReference(value).status());
      return identity::CheckCredentialUrl(settings_.endpoint).status();
    }
    return identity::ParseUrl(settings_.endpoint).status();
  }

  absl::Status Send(const std::string& body) {
    identity::HttpRequest request{.method = "POST",
                                  .url = settings_.endpoint,
                                  .headers = {{"content-type", "application/json"}},
                                  .body = body,
                                  .ca = settings_.ca,
                                  .service = "opentelemetry",
                                  .timeout_ms = settings_.timeout_ms};
    for (const auto& [name, value] : settings_.headers) {
      KS_ASSIGN_OR_RETURN(std::string revealed, Reveal(value));
      request.headers.emplace_back(name, std::move(revealed));
    }
    if (!settings_.client_certificate.empty()) {
      const env::Environment& files = env::RealEnvironment();
      KS_ASSIGN_OR_RETURN(request.certificate.chain, files.ReadFile(settings_.client_certificate));
      KS_ASSIGN_OR_RETURN(std::string key, files.ReadFile(settings_.client_key));
      request.certificate.key = identity::Secret(std::move(key));
    }
    const auto answer = services_.http().Send(request);
    // No answer at all: it may come later.
    if (!answer.ok()) return absl::UnavailableError(answer.status().message());
    if (answer->status / 100 == 2) return absl::OkStatus();
    const std::string said =
        StrCat("the receiver of OTEL_EXPORTER_OTLP_ENDPOINT answers HTTP ", answer->status);
    const int again[] = {429, 502, 503, 504};
    const bool repeat =
        std::find(std::begin(again), std::end(again), answer->status) != std::end(again);
    return repeat ? absl::UnavailableError(said) : absl::FailedPreconditionError(said);
  }

 private:
  absl::StatusOr<std::string> Reveal(const std::string& value) {
    if (!IsReference(value)) return value;
    KS_ASSIGN_OR_RETURN(const auto reference, identity::ParseSecretReference(value));
    KS_ASSIGN_OR_RETURN(const auto secret, services_.secrets().Resolve(reference));
    return secret.value.Reveal();
  }

  const observe::OtlpSettings settings_;
  identity::Services services_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<observe::TraceExporter>> OpenTraces(identity::ConnectionLog* log,
                                                                   observe::Metrics& metrics) {
  KS_ASSIGN_OR_RETURN(observe::OtlpSettings settings,
                      observe::ReadOtlpSettings(env::RealEnvironment()));
  if (settings.endpoint.empty()) return nullptr;
  for (const std::string& warning : settings.warnings) observe::LogWarning(warning);
  settings.resource.emplace("service.instance.id", WriterName());
  const auto receiver = std::make_shared<Receiver>(settings, log, metrics);
  KS_RETURN_IF_ERROR(receiver->Check());
  observe::LogInfo(StrCat("traces go to ", settings.endpoint));
  auto exporter = std::make_unique<observe::TraceExporter>(
      std::move(settings), [receiver](const std::string& body) { return receiver->Send(body); });
  metrics.Watch(observe::MetricId::kTraceSpansDropped,
                [traces = exporter.get()] { return traces->spans_dropped(); });
  return exporter;
}

}  // namespace ks::cli
