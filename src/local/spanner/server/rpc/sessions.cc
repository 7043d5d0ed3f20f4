#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "google/protobuf/empty.pb.h"
#include "google/spanner/v1/spanner.pb.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/list_filter.h"
#include "local/spanner/server/paging.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/spanner_rpcs.h"
#include "local/spanner/server/timestamps.h"

namespace ks::local {

namespace pb = google::spanner::v1;

namespace {

void Fill(const Session& session, pb::Session* out) {
  out->set_name(session.name());
  for (const auto& [key, value] : session.spec().labels) (*out->mutable_labels())[key] = value;
  SetNanos(session.created_nanos(), out->mutable_create_time());
  SetNanos(session.last_used_nanos(), out->mutable_approximate_last_use_time());
  out->set_creator_role(session.spec().creator_role);
  if (session.spec().multiplexed) out->set_multiplexed(true);
}

absl::StatusOr<SessionSpec> ToSpec(const pb::Session& session) {
  SessionSpec spec;
  spec.multiplexed = session.multiplexed();
  spec.creator_role = session.creator_role();
  for (const auto& [key, value] : session.labels()) {
    KS_RETURN_IF_ERROR(CheckLabel(key, value));
    spec.labels[key] = value;
  }
  return spec;
}

}  // namespace

absl::Status SpannerRpcs::CreateSession(Call& call, const pb::CreateSessionRequest& request,
                                        pb::Session* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database()));
  KS_ASSIGN_OR_RETURN(SessionSpec spec, ToSpec(request.session()));
  KS_ASSIGN_OR_RETURN(auto database, call.server().registry->UseDatabase(name));
  Fill(*call.server().sessions.Create(std::move(database), std::move(spec)), response);
  return absl::OkStatus();
}

absl::Status SpannerRpcs::BatchCreateSessions(Call& call,
                                              const pb::BatchCreateSessionsRequest& request,
                                              pb::BatchCreateSessionsResponse* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database()));
  KS_ASSIGN_OR_RETURN(const SessionSpec spec, ToSpec(request.session_template()));
  if (spec.multiplexed) return errors::BatchOfMultiplexed();
  if (request.session_count() < 0) return errors::NegativeSessionCount();
  KS_ASSIGN_OR_RETURN(auto database, call.server().registry->UseDatabase(name));
  // Fewer than asked for is allowed: clients ask again.
  const int count = std::min(request.session_count(), limits::kSessionsPerBatchCreate);
  for (int i = 0; i < count; ++i) {
    Fill(*call.server().sessions.Create(database, spec), response->add_session());
  }
  return absl::OkStatus();
}

absl::Status SpannerRpcs::GetSession(Call& call, const pb::GetSessionRequest& request,
                                     pb::Session* response) {
  KS_ASSIGN_OR_RETURN(auto session, call.FindSession(request.name()));
  Fill(*session, response);
  return absl::OkStatus();
}

absl::Status SpannerRpcs::ListSessions(Call& call, const pb::ListSessionsRequest& request,
                                       pb::ListSessionsResponse* response) {
  KS_ASSIGN_OR_RETURN(const DatabaseName name, ParseDatabase(request.database()));
  KS_ASSIGN_OR_RETURN(const ListFilter filter, ListFilter::Parse(request.filter()));
  KS_RETURN_IF_ERROR(call.server().registry->GetDatabase(name).status());
  std::vector<std::shared_ptr<Session>> matching;
  for (std::shared_ptr<Session>& session : call.server().sessions.List(request.database())) {
    std::map<std::string, std::string> fields;
    for (const auto& [key, value] : session->spec().labels) fields["labels." + key] = value;
    if (filter.Matches(fields)) matching.push_back(std::move(session));
  }
  KS_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                      EmitPage(
                          matching, request.page_token(), request.page_size(),
                          [](const auto& s) { return s->name(); },
                          [&](const auto& s) { Fill(*s, response->add_sessions()); }));
  return absl::OkStatus();
}

absl::Status SpannerRpcs::DeleteSession(Call& call, const pb::DeleteSessionRequest& request,
                                        google::protobuf::Empty*) {
  KS_RETURN_IF_ERROR(ParseSession(request.name()).status());
  call.server().sessions.Delete(request.name());
  return absl::OkStatus();
}

}  // namespace ks::local
