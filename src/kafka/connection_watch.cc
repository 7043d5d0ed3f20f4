#include "kafka/connection_watch.h"

#include <librdkafka/rdkafka.h>

#include "base/str_cat.h"
#include "kafka/errors.h"
#include "kafka/refusal.h"

namespace ks::kafka {
namespace {

constexpr char kName[] = "connection_watch";

rd_kafka_resp_err_t OnBrokerState(rd_kafka_t*, int32_t, const char*, const char* host, int port,
                                  const char* state, void* watch) {
  static_cast<ConnectionWatch*>(watch)->OnState(host, port, state);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t OnNew(rd_kafka_t* handle, const rd_kafka_conf_t*, void* watch, char*, size_t) {
  return rd_kafka_interceptor_add_on_broker_state_change(handle, kName, &OnBrokerState, watch);
}

// `[thrd:sasl_ssl://h:9/1]: sasl_ssl://h:9/1: REASON (after 3ms in state AUTH_REQ)`: the part
// behind
// `://`, and the reason.
bool TakeApart(std::string_view text, std::string* address, std::string* reason) {
  if (const size_t thread_end = text.find("]: "); text.starts_with("[thrd:")) {
    if (thread_end == std::string_view::npos) return false;
    text.remove_prefix(thread_end + 3);
  }
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  text.remove_prefix(scheme + 3);
  const size_t slash = text.find('/');
  const size_t colon = text.find(": ");
  if (slash == std::string_view::npos || colon == std::string_view::npos || slash > colon) {
    return false;
  }
  *address = std::string(text.substr(0, slash));
  *reason = std::string(text.substr(colon + 2));
  return true;
}

}  // namespace

ConnectionWatch::ConnectionWatch(std::string who, std::string how, identity::ConnectionLog* log,
                                 env::Clock& clock)
    : who_(std::move(who)), how_(std::move(how)), log_(log), clock_(clock) {}

void ConnectionWatch::Watch(rd_kafka_conf_t* conf) {
  rd_kafka_conf_interceptor_add_on_new(conf, kName, &OnNew, this);
}

void ConnectionWatch::OnLog(std::string_view facility, std::string_view text) {
  if (facility != "FAIL") return;
  std::string address, reason;
  if (!TakeApart(text, &address, &reason)) return;
  std::lock_guard lock(mu_);
  reasons_[address] = reason;
}

void ConnectionWatch::OnState(std::string_view host, int port, std::string_view state) {
  const std::string address = StrCat(host, ":", port);
  identity::ConnectionAttempt entry;
  {
    std::lock_guard lock(mu_);
    Attempt& attempt = open_[address];
    const bool begins = state == "CONNECT" || state == "REAUTH";
    if (state == "CONNECT") handshakes_.erase(address);
    if (identity::TlsHandshake made = identity::TakeTlsHandshake(); !made.version.empty()) {
      handshakes_[address] = std::move(made);
    }
    if (begins && attempt.started_at_nanos == 0) {
      attempt = {clock_.NowNanos(), clock_.MonotonicNanos()};
    }
    if ((state != "UP" && state != "DOWN") || attempt.started_at_nanos == 0) return;
    entry = {.started_at_nanos = attempt.started_at_nanos,
             .duration_nanos = clock_.MonotonicNanos() - attempt.started_monotonic,
             .service = "kafka",
             .host = std::string(host),
             .port = port,
             .mechanism = how_,
             .principal = who_,
             .credential_version = credential_version_,
             .tls = handshakes_[address]};
    attempt = {};
    last_refusal_ = absl::OkStatus();
    // librdkafka does not repeat a reason that is the same again, so it holds until a success.
    const std::string& reason = reasons_[address];
    if (state == "UP") {
      reasons_.erase(address);
    } else if (reason.empty()) {
      entry.result = absl::CancelledError("the client ended before the connection was made");
    } else {
      entry.result = IsRefusal(reason) ? LoginRefused(address, how_, who_, reason)
                                       : absl::UnavailableError(reason);
      if (IsRefusal(reason)) last_refusal_ = entry.result;
    }
  }
  if (log_ != nullptr) log_->Record(entry);
}

void ConnectionWatch::SetCredentialVersion(std::string version) {
  std::lock_guard lock(mu_);
  credential_version_ = std::move(version);
}

absl::Status ConnectionWatch::last_refusal() const {
  std::lock_guard lock(mu_);
  return last_refusal_;
}

}  // namespace ks::kafka
