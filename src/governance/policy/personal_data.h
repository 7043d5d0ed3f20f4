// Which columns of personal data would a pipeline write as they are? Follows them through its
// SELECTs: what goes into one of the policy's functions (SHA256, …) is masked, COUNT and COUNTIF
// show nothing of it, everything else that reads it writes it.
//
// Judged by the column's name in the record; `_key` has all columns of the key in it. Follows what
// is written to tables; records at fault stand whole in kafka_spanner.DeadLetters, whoever may read
// that. Thread safety: a pure function.
#pragma once

#include <string>
#include <vector>

#include "governance/policy/policy.h"
#include "pipeline/plan.h"

namespace ks::governance {

// `Users.Email from email`, sorted.
std::vector<std::string> WrittenAsTheyAre(const Policy& policy, const pipeline::Plan& plan);

}  // namespace ks::governance
