#include "local/spanner/server/faults.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/status_wire.h"

namespace ks::local {
namespace {

constexpr std::pair<std::string_view, FaultKind> kKinds[] = {
    {"aborted", FaultKind::kAborted},          {"unavailable", FaultKind::kUnavailable},
    {"lost_answer", FaultKind::kLostAnswer},   {"throttled", FaultKind::kThrottled},
    {"lost_session", FaultKind::kLostSession}, {"latency", FaultKind::kLatency},
};

bool ParseNumber(absl::string_view text, double* number) {
  return absl::SimpleAtod(text, number) && *number >= 0;
}

bool ParseLatency(absl::string_view text, FaultRule* rule) {
  if (!text.empty() && text[0] == '~') return ParseNumber(text.substr(1), &rule->mean);
  const std::vector<absl::string_view> ends = absl::StrSplit(text, '-');
  return ends.size() == 2 && ParseNumber(ends[0], &rule->low) &&
         ParseNumber(ends[1], &rule->high) && rule->low <= rule->high;
}

// Uniform in [0, 1).
double Unit(env::Random& random) { return static_cast<double>(random.Next() >> 11) * 0x1p-53; }

absl::Duration Latency(const FaultRule& rule, env::Random& random) {
  const double unit = Unit(random);
  const double millis =
      rule.mean > 0 ? -rule.mean * std::log1p(-unit) : rule.low + unit * (rule.high - rule.low);
  return absl::Milliseconds(millis);
}

void Apply(const FaultRule& rule, env::Random& random, Faults* faults) {
  switch (rule.kind) {
    case FaultKind::kAborted:
      faults->abort_transaction = true;
      faults->before = errors::TransactionAborted();
      return;
    case FaultKind::kUnavailable:
      faults->before = errors::FaultUnavailable();
      return;
    case FaultKind::kLostAnswer:
      faults->after = errors::FaultUnavailable();
      return;
    case FaultKind::kThrottled:
      faults->before = errors::FaultThrottled();
      return;
    case FaultKind::kLostSession:
      faults->lose_session = true;
      return;
    case FaultKind::kLatency:
      faults->delay += Latency(rule, random);
      return;
  }
}

}  // namespace

absl::StatusOr<FaultRule> ParseFaultRule(std::string_view text) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::string_view(text.data(), text.size()), ':');
  if (parts.size() < 3 || parts[0].empty()) return errors::BadFault(text);
  FaultRule rule;
  rule.method = std::string(parts[0]);
  bool known = false;
  for (const auto& [name, kind] : kKinds) {
    if (parts[1] != absl::string_view(name.data(), name.size())) continue;
    rule.kind = kind;
    known = true;
  }
  const bool latency = rule.kind == FaultKind::kLatency;
  if (!known || !ParseNumber(parts[2], &rule.rate) || rule.rate > 1 ||
      parts.size() != (latency ? 4u : 3u) || (latency && !ParseLatency(parts[3], &rule))) {
    return errors::BadFault(text);
  }
  return rule;
}

absl::Status FaultInjector::Set(const std::vector<std::string>& rules, uint64_t seed) {
  std::vector<Armed> armed;
  for (const std::string& text : rules) {
    KS_ASSIGN_OR_RETURN(FaultRule rule, ParseFaultRule(text));
    armed.push_back({std::move(rule), {text, 0, 0}});
  }
  absl::MutexLock lock(&mu_);
  rules_ = std::move(armed);
  seed_ = seed;
  armed_ = !rules_.empty();
  return absl::OkStatus();
}

std::vector<FaultInjector::Count> FaultInjector::Counts() const {
  absl::MutexLock lock(&mu_);
  std::vector<Count> counts;
  for (const Armed& armed : rules_) counts.push_back(armed.count);
  return counts;
}

Faults FaultInjector::Next(std::string_view method) {
  Faults faults;
  absl::MutexLock lock(&mu_);
  for (size_t i = 0; i < rules_.size(); ++i) {
    auto& [rule, count] = rules_[i];
    if (rule.method != "*" && rule.method != method) continue;
    const uint64_t nth = static_cast<uint64_t>(++count.calls);
    env::SimRandom random(seed_ ^ (uint64_t{i} + 1) << 48 ^ nth);
    if (Unit(random) >= rule.rate) continue;
    ++count.faults;
    Apply(rule, random, &faults);
  }
  return faults;
}

}  // namespace ks::local
