#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "env/clock.h"
#include "google/longrunning/operations.pb.h"
#include "google/protobuf/empty.pb.h"
#include "google/spanner/admin/instance/v1/spanner_instance_admin.pb.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/list_filter.h"
#include "local/spanner/server/paging.h"
#include "local/spanner/server/resource_names.h"
#include "local/spanner/server/server_state.h"
#include "local/spanner/server/timestamps.h"

namespace ks::local {

namespace pb = google::spanner::admin::instance::v1;

namespace {

// The emulator's name is known too: programs written against it ask for it.
struct ConfigNames {
  const char* id;
  const char* display_name;
};
constexpr ConfigNames kConfigs[] = {{"emulator-config", "Emulator Instance Config"},
                                    {"local", "Local Instance Config"}};

void Fill(std::string_view project, const ConfigNames& names, pb::InstanceConfig* out) {
  out->set_name(absl::StrCat("projects/", project, "/instanceConfigs/", names.id));
  out->set_display_name(names.display_name);
}

void Fill(const InstanceRecord& record, pb::Instance* out) {
  out->set_name(record.name);
  out->set_config(record.config);
  out->set_display_name(record.display_name);
  out->set_processing_units(static_cast<int32_t>(record.processing_units));
  out->set_node_count(static_cast<int32_t>(record.processing_units / limits::kNodeUnits));
  out->set_state(pb::Instance::READY);
  for (const auto& [key, value] : record.labels) (*out->mutable_labels())[key] = value;
  SetNanos(record.created_nanos, out->mutable_create_time());
  SetNanos(record.updated_nanos, out->mutable_update_time());
}

absl::Status CheckUnits(const pb::Instance& instance) {
  if (instance.node_count() != 0 && instance.processing_units() != 0)
    return errors::NodesAndUnits();
  const int64_t units = instance.processing_units();
  const int64_t step = units < limits::kNodeUnits ? 100 : limits::kNodeUnits;
  return units < 0 || instance.node_count() < 0 || units % step != 0 ? errors::UnitsNotMultiple()
                                                                     : absl::OkStatus();
}

int64_t UnitsOf(const pb::Instance& instance) {
  if (instance.processing_units() != 0) return instance.processing_units();
  return std::max<int64_t>(1, instance.node_count()) * limits::kNodeUnits;
}

absl::Status SetLabels(const pb::Instance& instance, InstanceRecord* record) {
  record->labels.clear();
  for (const auto& [key, value] : instance.labels()) {
    KS_RETURN_IF_ERROR(CheckLabel(key, value));
    record->labels[key] = value;
  }
  return absl::OkStatus();
}

absl::StatusOr<InstanceRecord> ToRecord(std::string_view project,
                                        const pb::CreateInstanceRequest& request, int64_t now) {
  KS_RETURN_IF_ERROR(CheckInstanceId(request.instance_id()));
  KS_RETURN_IF_ERROR(CheckUnits(request.instance()));
  InstanceRecord record;
  record.name = absl::StrCat("projects/", project, "/instances/", request.instance_id());
  record.config = request.instance().config();
  record.display_name = request.instance().display_name();
  record.processing_units = UnitsOf(request.instance());
  record.created_nanos = record.updated_nanos = now;
  KS_RETURN_IF_ERROR(SetLabels(request.instance(), &record));
  return record;
}

// These are done when they answer.
absl::Status FinishedOperation(Call& call, const InstanceRecord& record,
                               const google::protobuf::Message& metadata,
                               google::longrunning::Operation* response) {
  pb::Instance instance;
  Fill(record, &instance);
  KS_ASSIGN_OR_RETURN(auto operation,
                      call.server().operations.Start(record.name, "", [&](OperationState& state) {
                        state.SetMetadata(metadata);
                        state.Succeed(instance);
                      }));
  operation->Wait(INT64_MAX / 2);
  *response = operation->Snapshot();
  return absl::OkStatus();
}

absl::Status ApplyMask(const pb::UpdateInstanceRequest& request, InstanceRecord* record) {
  if (request.field_mask().paths().empty()) {
    return errors::MissingField("UpdateInstanceRequest.field_mask");
  }
  for (const std::string& path : request.field_mask().paths()) {
    if (path == "display_name") {
      record->display_name = request.instance().display_name();
    } else if (path == "config") {
      // Clients send it along; moving an instance is an RPC of its own.
      if (request.instance().config() != record->config) return errors::UnknownFieldInMask(path);
    } else if (path == "labels") {
      KS_RETURN_IF_ERROR(SetLabels(request.instance(), record));
    } else if (path == "node_count" || path == "processing_units") {
      pb::Instance named;  // clients send the other one along
      if (path == "node_count") {
        named.set_node_count(request.instance().node_count());
      } else {
        named.set_processing_units(request.instance().processing_units());
      }
      KS_RETURN_IF_ERROR(CheckUnits(named));
      record->processing_units = UnitsOf(named);
    } else {
      return errors::UnknownFieldInMask(path);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InstanceRpcs::ListInstanceConfigs(Call&, const pb::ListInstanceConfigsRequest& request,
                                               pb::ListInstanceConfigsResponse* response) {
  KS_ASSIGN_OR_RETURN(const std::string_view project, ParseProject(request.parent()));
  for (const ConfigNames& names : kConfigs) Fill(project, names, response->add_instance_configs());
  return absl::OkStatus();
}

absl::Status InstanceRpcs::GetInstanceConfig(Call&, const pb::GetInstanceConfigRequest& request,
                                             pb::InstanceConfig* response) {
  const std::string_view uri = request.name();
  const size_t at = uri.find("/instanceConfigs/");
  if (at == std::string_view::npos) return errors::InvalidUri("instance config", uri);
  KS_ASSIGN_OR_RETURN(const std::string_view project, ParseProject(uri.substr(0, at)));
  const std::string_view id = uri.substr(at + 17);
  for (const ConfigNames& names : kConfigs) {
    if (id != names.id) continue;
    Fill(project, names, response);
    return absl::OkStatus();
  }
  return errors::InstanceConfigNotFound(id);
}

absl::Status InstanceRpcs::ListInstances(Call& call, const pb::ListInstancesRequest& request,
                                         pb::ListInstancesResponse* response) {
  KS_RETURN_IF_ERROR(ParseProject(request.parent()).status());
  KS_ASSIGN_OR_RETURN(const ListFilter filter, ListFilter::Parse(request.filter()));
  std::vector<InstanceRecord> matching;
  for (InstanceRecord& record : call.server().registry->ListInstances(request.parent())) {
    std::map<std::string, std::string> fields{{"name", record.name},
                                              {"display_name", record.display_name}};
    for (const auto& [key, value] : record.labels) fields["labels." + key] = value;
    if (filter.Matches(fields)) matching.push_back(std::move(record));
  }
  KS_ASSIGN_OR_RETURN(
      *response->mutable_next_page_token(),
      EmitPage(
          matching, request.page_token(), request.page_size(), [](const auto& r) { return r.name; },
          [&](const auto& r) { Fill(r, response->add_instances()); }));
  return absl::OkStatus();
}

absl::Status InstanceRpcs::GetInstance(Call& call, const pb::GetInstanceRequest& request,
                                       pb::Instance* response) {
  KS_RETURN_IF_ERROR(ParseInstance(request.name()).status());
  KS_ASSIGN_OR_RETURN(const InstanceRecord record,
                      call.server().registry->GetInstance(request.name()));
  Fill(record, response);
  return absl::OkStatus();
}

absl::Status InstanceRpcs::CreateInstance(Call& call, const pb::CreateInstanceRequest& request,
                                          google::longrunning::Operation* response) {
  KS_ASSIGN_OR_RETURN(const std::string_view project, ParseProject(request.parent()));
  const int64_t now = call.server().clock.NowNanos();
  KS_ASSIGN_OR_RETURN(InstanceRecord record, ToRecord(project, request, now));
  KS_RETURN_IF_ERROR(call.server().registry->CreateInstance(record));
  pb::CreateInstanceMetadata metadata;
  Fill(record, metadata.mutable_instance());
  SetNanos(now, metadata.mutable_start_time());
  SetNanos(now, metadata.mutable_end_time());
  return FinishedOperation(call, record, metadata, response);
}

absl::Status InstanceRpcs::UpdateInstance(Call& call, const pb::UpdateInstanceRequest& request,
                                          google::longrunning::Operation* response) {
  KS_RETURN_IF_ERROR(ParseInstance(request.instance().name()).status());
  KS_ASSIGN_OR_RETURN(InstanceRecord record,
                      call.server().registry->GetInstance(request.instance().name()));
  KS_RETURN_IF_ERROR(ApplyMask(request, &record));
  record.updated_nanos = call.server().clock.NowNanos();
  KS_RETURN_IF_ERROR(call.server().registry->UpdateInstance(record));
  pb::UpdateInstanceMetadata metadata;
  Fill(record, metadata.mutable_instance());
  SetNanos(record.updated_nanos, metadata.mutable_start_time());
  SetNanos(record.updated_nanos, metadata.mutable_end_time());
  return FinishedOperation(call, record, metadata, response);
}

absl::Status InstanceRpcs::DeleteInstance(Call& call, const pb::DeleteInstanceRequest& request,
                                          google::protobuf::Empty*) {
  KS_RETURN_IF_ERROR(ParseInstance(request.name()).status());
  const auto databases = call.server().registry->ListDatabases(request.name());
  KS_RETURN_IF_ERROR(call.server().registry->DeleteInstance(request.name()));
  for (const DatabaseRecord& record : databases) call.server().sessions.DeleteAll(record.name);
  return absl::OkStatus();
}

}  // namespace ks::local
