#include "spanner/session.h"

#include <google/spanner/v1/spanner.pb.h>

#include "spanner/errors.h"
#include "spanner/limits.h"
#include "spanner/wire.h"

namespace ks::spanner {

struct SessionHolder::State {
  const std::shared_ptr<Stub> stub;
  const std::string database;
  const std::string role;
  env::Clock& clock;

  absl::Mutex mu;
  std::string name ABSL_GUARDED_BY(mu);
  int64_t created_at ABSL_GUARDED_BY(mu) = 0;
  bool creating ABSL_GUARDED_BY(mu) = false;
  std::vector<Done> waiting ABSL_GUARDED_BY(mu);

  State(std::shared_ptr<Stub> s, std::string d, std::string r, env::Clock& c)
      : stub(std::move(s)), database(std::move(d)), role(std::move(r)), clock(c) {}
};

SessionHolder::SessionHolder(std::shared_ptr<Stub> stub, std::string database, std::string role,
                             env::Clock& clock)
    : state_(
          std::make_shared<State>(std::move(stub), std::move(database), std::move(role), clock)) {}

void SessionHolder::Get(Done done) {
  std::string name;
  bool create = false;
  {
    absl::MutexLock lock(&state_->mu);
    const bool old = state_->clock.MonotonicNanos() - state_->created_at > kSessionRenewAfterNanos;
    name = state_->name;
    if (name.empty()) state_->waiting.push_back(std::move(done));
    if ((name.empty() || old) && !state_->creating) create = state_->creating = true;
  }
  if (!name.empty()) done(std::move(name));
  if (create) Create(state_);
}

void SessionHolder::Forget(const std::string& name) {
  absl::MutexLock lock(&state_->mu);
  if (state_->name == name) state_->name.clear();
}

void SessionHolder::Create(const std::shared_ptr<State>& state) {
  google::spanner::v1::CreateSessionRequest request;
  request.set_database(state->database);
  request.mutable_session()->set_multiplexed(true);
  request.mutable_session()->set_creator_role(state->role);
  CallOptions options;
  options.resource_prefix = options.routing_value = state->database;
  state->stub->Unary(Method::kCreateSession, options, ToBuffer(request),
                     [state](const absl::Status& status, const grpc::ByteBuffer& answer) {
                       google::spanner::v1::Session session;
                       absl::StatusOr<std::string> result = BadAnswer("CreateSession");
                       if (!status.ok()) result = status;
                       if (status.ok() && FromBuffer(answer, &session)) result = session.name();
                       std::vector<Done> waiting;
                       {
                         absl::MutexLock lock(&state->mu);
                         state->creating = false;
                         waiting.swap(state->waiting);
                         if (result.ok()) {
                           state->name = *result;
                           state->created_at = state->clock.MonotonicNanos();
                         }
                       }
                       for (const Done& done : waiting) done(result);
                     });
}

}  // namespace ks::spanner
