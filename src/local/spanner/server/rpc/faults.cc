#include <vector>

#include "base/status_macros.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/struct.pb.h"
#include "local/spanner/server/admin_rpcs.h"
#include "local/spanner/server/call.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/server_state.h"

namespace ks::local {

using google::protobuf::Struct;
using google::protobuf::Value;

namespace {

void Fill(const FaultInjector& faults, Struct* out) {
  auto* rules = (*out->mutable_fields())["rules"].mutable_list_value();
  for (const FaultInjector::Count& count : faults.Counts()) {
    auto& rule = *rules->add_values()->mutable_struct_value()->mutable_fields();
    rule["rule"].set_string_value(count.rule);
    rule["calls"].set_number_value(static_cast<double>(count.calls));
    rule["faults"].set_number_value(static_cast<double>(count.faults));
  }
}

}  // namespace

absl::Status FaultRpcs::Set(Call& call, const Struct& request, Struct* response) {
  std::vector<std::string> rules;
  uint64_t seed = 0;
  for (const auto& [name, value] : request.fields()) {
    if (name == "seed" && value.kind_case() == Value::kNumberValue) {
      seed = static_cast<uint64_t>(value.number_value());
    } else if (name == "rules" && value.kind_case() == Value::kListValue) {
      for (const Value& rule : value.list_value().values()) rules.push_back(rule.string_value());
    } else {
      return errors::BadFaultRequest(name);
    }
  }
  KS_RETURN_IF_ERROR(call.server().faults.Set(rules, seed));
  Fill(call.server().faults, response);
  return absl::OkStatus();
}

absl::Status FaultRpcs::Get(Call& call, const google::protobuf::Empty&, Struct* response) {
  Fill(call.server().faults, response);
  return absl::OkStatus();
}

}  // namespace ks::local
