#include "observe/otlp.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace ks::observe {
namespace {

using nlohmann::json;

// ---- Environment variables

absl::Status Misunderstood(std::string_view name, std::string_view wanted) {
  return absl::InvalidArgumentError(
      StrCat("the environment variable ", name, " should be ", wanted));
}

std::string_view Trim(std::string_view text) {
  const size_t begin = std::min(text.size(), text.find_first_not_of(" \t"));
  const size_t end = text.find_last_not_of(" \t");
  return end == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

// %XX as in W3C Baggage; nothing where it is malformed.
std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

class Variables {
 public:
  explicit Variables(const env::Environment& environment) : environment_(environment) {}

  // An empty variable is one that is not set.
  std::string Text(const std::string& name) const {
    return environment_.Variable(name).value_or("");
  }

  // OTEL_EXPORTER_OTLP_TRACES_<name>, else OTEL_EXPORTER_OTLP_<name>.
  std::string Otlp(const std::string& name) const {
    const std::string own = Text("OTEL_EXPORTER_OTLP_TRACES_" + name);
    return own.empty() ? Text("OTEL_EXPORTER_OTLP_" + name) : own;
  }

  absl::Status Number(const std::string& name, int64_t* number) const {
    const std::string text = Text(name);
    if (text.empty()) return absl::OkStatus();
    const char* const end = text.data() + text.size();
    int64_t read = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, read);
    if (error != std::errc() || stop != end || read <= 0) {
      return Misunderstood(name, "a number above 0");
    }
    *number = read;
    return absl::OkStatus();
  }

 private:
  const env::Environment& environment_;
};

// `name=value,name=value`
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Pairs(std::string_view name,
                                                                       std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string_view pair = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Misunderstood(name, "a list of name=value");
    }
    const auto value = PercentDecoded(Trim(pair.substr(equals + 1)));
    if (!value) return Misunderstood(name, "a list of name=value, with %XX for other characters");
    pairs.emplace_back(Trim(pair.substr(0, equals)), *value);
  }
  return pairs;
}

absl::Status ReadSampling(const Variables& variables, OtlpSettings* settings) {
  std::string sampler = variables.Text("OTEL_TRACES_SAMPLER");
  // A batch has no parent: its producers' spans are linked.
  if (sampler.starts_with("parentbased_")) sampler.erase(0, sizeof("parentbased_") - 1);
  if (sampler.empty() || sampler == "always_on") return absl::OkStatus();
  if (sampler == "always_off") {
    settings->sampling = TraceSampling();
    return absl::OkStatus();
  }
  if (sampler != "traceidratio") {
    settings->warnings.push_back(
        "OTEL_TRACES_SAMPLER names a sampler that is not known here; "
        "every batch is traced");
    return absl::OkStatus();
  }
  const std::string text = variables.Text("OTEL_TRACES_SAMPLER_ARG");
  double share = 1;
  const char* const end = text.data() + text.size();
  if (!text.empty()) {
    const auto [stop, error] = std::from_chars(text.data(), end, share);
    if (error != std::errc() || stop != end || !(share >= 0 && share <= 1)) {
      return Misunderstood("OTEL_TRACES_SAMPLER_ARG", "a number from 0 to 1");
    }
  }
  settings->sampling = TraceSampling(share);
  return absl::OkStatus();
}

absl::Status ReadEndpoint(const Variables& variables, OtlpSettings* settings) {
  settings->endpoint = variables.Text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (settings->endpoint.empty()) {
    std::string base = variables.Text("OTEL_EXPORTER_OTLP_ENDPOINT");
    const bool asked_for = variables.Text("OTEL_TRACES_EXPORTER") == "otlp";
    if (base.empty() && !asked_for) return absl::OkStatus();
    if (base.empty()) base = "http://localhost:4318";
    settings->endpoint = base + (base.ends_with('/') ? "v1/traces" : "/v1/traces");
  }
  const std::string_view endpoint = settings->endpoint;
  if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://")) {
    return Misunderstood("OTEL_EXPORTER_OTLP_ENDPOINT", "a URL of http or https");
  }
  const std::string protocol = variables.Otlp("PROTOCOL");
  if (!protocol.empty() && protocol != "http/json") {
    settings->warnings.push_back(StrCat(
        "OTEL_EXPORTER_OTLP_PROTOCOL is ", protocol, ", but traces are sent as http/json here, to ",
        endpoint, ": the receiver's HTTP port is wanted (4318 as a rule, not 4317)"));
  }
  if (!variables.Otlp("COMPRESSION").empty() && variables.Otlp("COMPRESSION") != "none") {
    settings->warnings.push_back("OTEL_EXPORTER_OTLP_COMPRESSION: traces are not compressed here");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OtlpSettings> ReadOtlpSettings(const env::Environment& environment) {
  const Variables variables(environment);
  OtlpSettings settings;
  if (variables.Text("OTEL_SDK_DISABLED") == "true") return settings;
  const std::string exporter = variables.Text("OTEL_TRACES_EXPORTER");
  if (exporter == "none") return settings;
  KS_RETURN_IF_ERROR(ReadEndpoint(variables, &settings));
  if (settings.endpoint.empty()) return settings;
  if (!exporter.empty() && exporter != "otlp") {
    settings.warnings.push_back("OTEL_TRACES_EXPORTER: only otlp is known here, and is used");
  }
  KS_RETURN_IF_ERROR(ReadSampling(variables, &settings));
  KS_ASSIGN_OR_RETURN(settings.headers,
                      Pairs("OTEL_EXPORTER_OTLP_HEADERS", variables.Otlp("HEADERS")));
  settings.ca = variables.Otlp("CERTIFICATE");
  settings.client_certificate = variables.Otlp("CLIENT_CERTIFICATE");
  settings.client_key = variables.Otlp("CLIENT_KEY");
  KS_ASSIGN_OR_RETURN(const auto resource, Pairs("OTEL_RESOURCE_ATTRIBUTES",
                                                 variables.Text("OTEL_RESOURCE_ATTRIBUTES")));
  settings.resource = {{"service.name", "kafka-spanner"}};
  for (const auto& [name, value] : resource) settings.resource[name] = value;
  const std::string service = variables.Text("OTEL_SERVICE_NAME");
  if (!service.empty()) settings.resource["service.name"] = service;
  const std::pair<const char*, int64_t*> numbers[] = {
      {"OTEL_EXPORTER_OTLP_TIMEOUT", &settings.timeout_ms},
      {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", &settings.timeout_ms},
      {"OTEL_BSP_MAX_QUEUE_SIZE", &settings.spans_queued_max},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &settings.spans_at_once_max},
      {"OTEL_BSP_SCHEDULE_DELAY", &settings.delay_ms}};
  for (const auto& [name, number] : numbers) {
    KS_RETURN_IF_ERROR(variables.Number(name, number));
  }
  return settings;
}

// ---- JSON

namespace {

json Attribute(std::string_view name, const SpanValue& value) {
  json written;
  if (const auto* text = std::get_if<std::string>(&value)) written["stringValue"] = *text;
  // 64-bit numbers are text in Protobuf's JSON.
  if (const auto* number = std::get_if<int64_t>(&value)) {
    written["intValue"] = std::to_string(*number);
  }
  return {{"key", name}, {"value", std::move(written)}};
}

std::string Hex(SpanId id) { return absl::StrFormat("%016x", id); }

json SpanJson(const std::string& trace, const Span& span) {
  json out = {{"traceId", trace},
              {"spanId", Hex(span.id)},
              {"name", span.name},
              {"kind", static_cast<int>(span.kind)},
              {"startTimeUnixNano", std::to_string(span.start_nanos)},
              {"endTimeUnixNano", std::to_string(span.end_nanos)}};
  if (span.parent != 0) out["parentSpanId"] = Hex(span.parent);
  for (const auto& [name, value] : span.attributes) {
    out["attributes"].push_back(Attribute(name, value));
  }
  for (const SpanContext& link : span.links) {
    out["links"].push_back({{"traceId", link.trace}, {"spanId", Hex(link.span)}});
  }
  constexpr int kStatusError = 2;
  if (!span.error.empty()) out["status"] = {{"code", kStatusError}, {"message", span.error}};
  return out;
}

}  // namespace

std::string OtlpJson(const std::map<std::string, std::string>& resource,
                     const std::vector<Trace>& traces) {
  json spans = json::array();
  for (const Trace& trace : traces) {
    for (const Span& span : trace.spans) spans.push_back(SpanJson(trace.id, span));
  }
  json attributes = json::array();
  for (const auto& [name, value] : resource) attributes.push_back(Attribute(name, value));
  const json scope = {{"scope", {{"name", "kafka-spanner"}}}, {"spans", std::move(spans)}};
  const json whole = {{"resource", {{"attributes", std::move(attributes)}}},
                      {"scopeSpans", json::array({scope})}};
  return json{{"resourceSpans", json::array({whole})}}.dump(-1, ' ', false,
                                                            json::error_handler_t::replace);
}

}  // namespace ks::observe
