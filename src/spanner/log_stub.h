// Tells the connection log who spoke to Spanner. gRPC connects and reconnects by itself and says
// nothing of it, so what is recorded is what can be seen in calls: the first answer after the
// start, after a failure and with each new credential; and every call that found nobody
// (UNAVAILABLE) or was refused (UNAUTHENTICATED, PERMISSION_DENIED). Stands inside auth, to see
// the credential. Costs a hash of it per call. Thread safety: any thread.
#pragma once

#include <memory>
#include <string>

#include "env/clock.h"
#include "identity/connection_log.h"
#include "spanner/stub.h"

namespace ks::spanner {

// `address` is host:port.
std::unique_ptr<Stub> WithConnectionLog(std::unique_ptr<Stub> inner, const std::string& address,
                                        bool tls, identity::ConnectionLog& log, env::Clock& clock);

}  // namespace ks::spanner
