// The locking transaction behind ReadWriteTransaction.
#pragma once

#include <memory>

#include "local/spanner/txn/core.h"
#include "local/spanner/txn/database.h"

namespace ks::local {

std::unique_ptr<ReadWriteTransaction> NewReadWriteTransaction(DatabaseCore& core,
                                                              const ReadWriteOptions& options);

}  // namespace ks::local
