#include "cli/pipeline_process.h"

#include <httplib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/audit.h"
#include "cli/result_table.h"
#include "observe/log.h"
#include "runtime/target_reader.h"

namespace ks::cli {

using observe::MetricId;

namespace {

// A running pipeline asks for the right to write rows and for no other, unless it may evolve.
absl::Status OnlyRows(const pipeline::PipelineSpec& spec, const pipeline::Plan& plan) {
  return absl::PermissionDeniedError(StrCat(
      "pipeline ", spec.name, " lacks ", absl::StrJoin(plan.missing, ", "),
      ", and who runs it may write rows only: ",
      plan.only_evolves ? "`evolve: add_columns` wants spanner.databases.updateDdl as well (`plan "
                          "--grants`); or let `kafka-spanner plan --apply FILE` do it."
                        : "`kafka-spanner plan --apply FILE` creates tables, and asks for the "
                          "right to."));
}

// On record, where the pipeline has one. Several workers may do it at once: what one has done is
// nothing to do for the others.
absl::Status MakeMissing(const pipeline::PipelineSpec& spec, const Connection& connection,
                         const pipeline::Plan& plan) {
  const auto make = [&] {
    return connection.admin->UpdateDdl(spec.target.database, plan.missing_ddl);
  };
  if (!plan.only_evolves) return make();
  KS_ASSIGN_OR_RETURN(const auto audit, OpenAuditLog(spec, connection));
  return governance::RunOnRecord(audit.get(), governance::Action::kSchemaApply,
                                 {{"statements", plan.missing_ddl}}, [&](auto&) { return make(); });
}

}  // namespace

absl::StatusOr<ReadyPipeline> Prepare(pipeline::PipelineSpec spec, const std::string& endpoint,
                                      bool create, const runtime::StartWait& wait,
                                      identity::ConnectionLog* log, observe::Metrics* metrics) {
  ReadyPipeline ready;
  ready.spec = std::make_unique<pipeline::PipelineSpec>(std::move(spec));
  ConnectTo target = TargetOf(*ready.spec, endpoint, log);
  target.retry_total_millis = runtime::kCallRetryMillis;
  target.metrics = metrics;
  target.admin = ready.spec->target.evolve != pipeline::Evolve::kNever;
  KS_ASSIGN_OR_RETURN(ready.connection, Connect(target));
  KS_ASSIGN_OR_RETURN(pipeline::Plan plan,
                      runtime::PlanAgainst(*ready.connection.client, *ready.spec, wait));
  if (!plan.missing_ddl.empty() && (create || plan.only_evolves)) {
    const absl::Status made = MakeMissing(*ready.spec, ready.connection, plan);
    if (absl::IsPermissionDenied(made)) return OnlyRows(*ready.spec, plan);
    KS_RETURN_IF_ERROR(made);
    KS_ASSIGN_OR_RETURN(plan, runtime::PlanAgainst(*ready.connection.client, *ready.spec, wait));
  }
  if (!plan.missing_ddl.empty()) {
    return absl::NotFoundError(
        StrCat("pipeline ", ready.spec->name, ": ", target.database, " lacks ",
               absl::StrJoin(plan.missing, ", "),
               ". `kafka-spanner plan --ddl FILE` prints what is missing, `plan --apply FILE` "
               "creates it."));
  }
  for (const auto& warning : plan.warnings)
    observe::LogWarning(StrCat(warning.table, ": ", warning.text));
  ready.plan = std::make_unique<pipeline::Plan>(std::move(plan));
  return ready;
}

std::string WriterName() {
  char host[256] = "localhost";
  gethostname(host, sizeof(host) - 1);
  const std::string name = StrCat(host, "/", getpid());
  return name.size() <= 64 ? name : name.substr(name.size() - 64);  // Writer STRING(64)
}

// ---- Metrics page

void AddMetricsOptions(CLI::App& command, MetricsPage* page) {
  CLI::Option* metrics =
      command.add_option("--metrics", page->address, "serve Prometheus metrics on HOST:PORT");
  CLI::Option* certificate =
      command
          .add_option("--metrics-tls-certificate", page->tls.certificate,
                      "serve them over TLS, with this certificate and its chain, PEM")
          ->needs(metrics);
  certificate->needs(command
                         .add_option("--metrics-tls-private-key", page->tls.private_key,
                                     "its private key, PEM; both files may change while it runs")
                         ->needs(certificate));
}

absl::StatusOr<std::unique_ptr<identity::HttpServer>> ServeMetrics(const MetricsPage& page,
                                                                   observe::Metrics& metrics,
                                                                   identity::ConnectionLog* log) {
  if (page.address.empty()) return nullptr;
  observe::Series* told = page.tls.certificate.empty()
                              ? nullptr
                              : &metrics.Credential("certificate of the metrics page");
  KS_ASSIGN_OR_RETURN(auto server, identity::HttpServer::Make({.service = "metrics",
                                                               .address = page.address,
                                                               .tls = page.tls,
                                                               .log = log,
                                                               .told = told}));
  if (log != nullptr) {
    metrics.Watch(observe::MetricId::kConnectionLogDropped, [log] { return log->dropped(); });
  }
  httplib::Server& http = server->http();
  http.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
    response.set_content(metrics.Text(), "text/plain; version=0.0.4");
  });
  for (const char* path : {"/healthz", "/readyz"}) {
    http.Get(path, [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
  }
  KS_RETURN_IF_ERROR(server->Listen());
  return server;
}

// ---- Summary

namespace {

struct Summary {
  int64_t records, rows, dead_letters, commits, retries;
  double per_second, commit_p50_ms, commit_p99_ms;
};

Summary Summarize(const observe::Metrics& metrics, double seconds) {
  const auto commit = metrics.Estimate(MetricId::kCommitSeconds);
  const auto total = [&](MetricId id) { return static_cast<int64_t>(metrics.Total(id)); };
  Summary summary{total(MetricId::kRecords),
                  total(MetricId::kRows),
                  total(MetricId::kDeadLetters),
                  total(MetricId::kCommits),
                  total(MetricId::kCommitRetries),
                  0,
                  commit.p50 * 1000,
                  commit.p99 * 1000};
  if (seconds > 0) summary.per_second = static_cast<double>(summary.records) / seconds;
  return summary;
}

}  // namespace

std::string SummaryText(const observe::Metrics& metrics, double seconds) {
  const Summary s = Summarize(metrics, seconds);
  std::string out;
  const auto line = [&](const char* name, const std::string& value) {
    out += absl::StrFormat("  %-22s %s\n", name, value);
  };
  line("records", WithThousands(s.records));
  line("records per second", WithThousands(static_cast<int64_t>(s.per_second)));
  line("commits",
       StrCat(WithThousands(s.commits), " (", WithThousands(s.retries), " answers to resolve)"));
  line("commit latency",
       absl::StrFormat("p50 %.1f ms, p99 %.1f ms", s.commit_p50_ms, s.commit_p99_ms));
  line("dead letters", WithThousands(s.dead_letters));
  line("time", absl::StrFormat("%.1f s", seconds));
  return out;
}

std::string SummaryJson(const observe::Metrics& metrics, double seconds) {
  const Summary s = Summarize(metrics, seconds);
  const nlohmann::ordered_json json = {{"records", s.records},
                                       {"records_per_second", s.per_second},
                                       {"rows", s.rows},
                                       {"commits", s.commits},
                                       {"commit_retries", s.retries},
                                       {"commit_p50_ms", s.commit_p50_ms},
                                       {"commit_p99_ms", s.commit_p99_ms},
                                       {"dead_letters", s.dead_letters},
                                       {"seconds", seconds}};
  return json.dump(2);
}

}  // namespace ks::cli
