#include "observe/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "env/clock.h"
#include "observe/otlp.h"

namespace ks::observe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";

// ---- traceparent (W3C Trace Context)

TEST(Traceparent, SaysTraceAndSpan) {
  const auto context = ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace, kTrace);
  EXPECT_EQ(context->span, 0x00f067aa0ba902b7u);
  // A later version may say more.
  EXPECT_TRUE(ParseTraceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what"));
}

TEST(Traceparent, WhatIsNoneIsNothing) {
  for (const char* text : {
           "",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01what",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
       }) {
    EXPECT_FALSE(ParseTraceparent(text).has_value()) << text;
  }
}

// ---- Sampling

TEST(TraceSampling, TakesItsShareAndTheSameTracesEachTime) {
  env::SimRandom random(1);
  const TraceSampling tenth(0.1);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string trace = env::NewUuid(random);
    std::erase(trace, '-');
    taken += tenth.Takes(trace) ? 1 : 0;
    EXPECT_EQ(tenth.Takes(trace), tenth.Takes(trace));
    EXPECT_TRUE(TraceSampling(1.0).Takes(trace));
    EXPECT_FALSE(TraceSampling(0.0).Takes(trace));
  }
  EXPECT_GT(taken, 900);
  EXPECT_LT(taken, 1'100);
}

// ---- Environment variables

absl::StatusOr<OtlpSettings> Read(std::map<std::string, std::string> variables) {
  env::SimEnvironment environment;
  environment.variables = std::move(variables);
  return ReadOtlpSettings(environment);
}

TEST(OtlpSettings, WithoutAReceiverThereIsNone) {
  for (const std::map<std::string, std::string>& none :
       {std::map<std::string, std::string>{},
        {{"OTEL_SERVICE_NAME", "s"}},
        {{"OTEL_EXPORTER_OTLP_ENDPOINT", ""}},
        {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}, {"OTEL_TRACES_EXPORTER", "none"}},
        {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}, {"OTEL_SDK_DISABLED", "true"}}}) {
    const auto settings = Read(none);
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->endpoint, "");
  }
}

TEST(OtlpSettings, TheEndpointIsABaseOrTheTracesOwn) {
  const auto endpoint = [](std::map<std::string, std::string> variables) {
    return Read(std::move(variables))->endpoint;
  };
  EXPECT_EQ(endpoint({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}}),
            "http://c:4318/v1/traces");
  EXPECT_EQ(endpoint({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/otlp/"}}),
            "https://c/otlp/v1/traces");
  EXPECT_EQ(endpoint({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                      {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t:1/x"}}),
            "http://t:1/x");
  EXPECT_EQ(endpoint({{"OTEL_TRACES_EXPORTER", "otlp"}}), "http://localhost:4318/v1/traces");
}

TEST(OtlpSettings, TheRestIsAsOpenTelemetryHasIt) {
  const auto settings = Read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                              {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%2Cb , x=secret://env/X"},
                              {"OTEL_EXPORTER_OTLP_TIMEOUT", "10"},
                              {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "20"},
                              {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                              {"OTEL_RESOURCE_ATTRIBUTES", "service.name=a,region=eu"},
                              {"OTEL_SERVICE_NAME", "b"},
                              {"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
                              {"OTEL_TRACES_SAMPLER_ARG", "0"}});
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_THAT(settings->headers, ElementsAre(Pair("api-key", "a,b"), Pair("x", "secret://env/X")));
  EXPECT_EQ(settings->timeout_ms, 20);
  EXPECT_THAT(settings->resource, ElementsAre(Pair("region", "eu"), Pair("service.name", "b")));
  EXPECT_FALSE(settings->sampling.any());
  EXPECT_THAT(settings->warnings, ElementsAre(HasSubstr("4318")));
}

TEST(OtlpSettings, WhatCannotBeUnderstoodIsNamedAndNotRepeated) {
  const std::pair<const char*, const char*> wrong[] = {
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "hunter2:4317"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "hunter2"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%2"},
      {"OTEL_EXPORTER_OTLP_TIMEOUT", "hunter2"},
      {"OTEL_BSP_MAX_QUEUE_SIZE", "0"},
      {"OTEL_RESOURCE_ATTRIBUTES", "=hunter2"}};
  for (const auto& [name, value] : wrong) {
    std::map<std::string, std::string> variables = {
        {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}};
    variables[name] = value;
    const auto settings = Read(std::move(variables));
    EXPECT_TRUE(absl::IsInvalidArgument(settings.status())) << name;
    EXPECT_THAT(std::string(settings.status().message()), HasSubstr(name));
    EXPECT_THAT(std::string(settings.status().message()), Not(HasSubstr("hunter2")));
  }
}

// ---- JSON; tests/e2e/test_traces.py gives it to a real receiver

TEST(OtlpJson, SaysWhatASpanIs) {
  Span root{.id = 1, .name = "process t", .kind = SpanKind::kConsumer};
  root.start_nanos = 1'700'000'000'000'000'001;
  root.end_nanos = 1'700'000'000'000'000'009;
  root.attributes = {{"a", "text"}, {"n", int64_t{1} << 60}};
  root.links = {{kTrace, 7}};
  Span child{.id = 0xabcdef0123456789, .parent = 1, .name = "COMMIT"};
  child.error = "no \xff utf8";
  const auto json =
      nlohmann::json::parse(OtlpJson({{"service.name", "s"}}, {{kTrace, {root, child}}}));
  const auto& resource = json["resourceSpans"][0]["resource"]["attributes"];
  EXPECT_EQ(resource[0]["key"], "service.name");
  EXPECT_EQ(resource[0]["value"]["stringValue"], "s");
  const auto& spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"];
  ASSERT_THAT(spans, SizeIs(2));
  EXPECT_EQ(spans[0]["traceId"], kTrace);
  EXPECT_EQ(spans[0]["spanId"], "0000000000000001");
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_EQ(spans[0]["startTimeUnixNano"], "1700000000000000001");
  EXPECT_EQ(spans[0]["attributes"][1]["value"]["intValue"], "1152921504606846976");
  EXPECT_EQ(spans[0]["links"][0]["spanId"], "0000000000000007");
  EXPECT_FALSE(spans[0].contains("status"));
  EXPECT_EQ(spans[1]["spanId"], "abcdef0123456789");
  EXPECT_EQ(spans[1]["parentSpanId"], "0000000000000001");
  EXPECT_EQ(spans[1]["status"]["code"], 2);
}

}  // namespace
}  // namespace ks::observe
