#include "identity/credential_metrics.h"

#include <limits>

#include "env/clock.h"

namespace ks::identity {
namespace {

double Seconds(int64_t nanos) {
  return static_cast<double>(nanos) / static_cast<double>(env::kNanosPerSecond);
}

}  // namespace

void TellCredential(observe::Series* told, int64_t since_nanos, int64_t expires_at_nanos) {
  if (told == nullptr) return;
  told->Set(observe::MetricId::kCredentialSince, Seconds(since_nanos));
  told->Set(observe::MetricId::kCredentialExpires, expires_at_nanos == kNeverExpires
                                                       ? std::numeric_limits<double>::infinity()
                                                       : Seconds(expires_at_nanos));
}

void TellFailure(observe::Series* told) {
  if (told != nullptr) told->Add(observe::MetricId::kCredentialFailures);
}

}  // namespace ks::identity
