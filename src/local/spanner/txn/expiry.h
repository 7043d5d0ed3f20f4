// What goes by itself when its time has come: rows under a ROW DELETION POLICY, and change records
// older than their stream keeps them.
//
// Rows go in transactions of their own, of at most kRowDeletionBatch rows, each judged again under
// its lock: a row that was given a new life meanwhile stays. Thread safety: any thread. Source:
// https://cloud.google.com/spanner/docs/ttl
#pragma once

#include "absl/status/status.h"

namespace ks::local {

class DatabaseCore;

absl::Status DeleteExpiredRows(DatabaseCore& core);
absl::Status DeleteExpiredRecords(DatabaseCore& core);

}  // namespace ks::local
