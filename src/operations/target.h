// What an operation works on: a pipeline and its connections, under the pipeline's own identity;
// and who is told of each of its steps. Thread safety: plain data.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "identity/services.h"
#include "pipeline/spec.h"
#include "spanner/admin.h"
#include "spanner/client.h"

namespace ks::operations {

struct Target {
  const pipeline::PipelineSpec* spec = nullptr;
  spanner::Client* client = nullptr;
  spanner::Admin* admin = nullptr;  // null: nothing is created
  identity::Services* identity = nullptr;
  std::string writer;                // this process' name in the checkpoints
  std::shared_ptr<const void> held;  // what the others live in; null: the caller's
};

// A step is one transaction, with what it does as `details`.
struct Steps {
  // Adds mutations to it; called again where it is tried again. Null: nothing is added.
  std::function<absl::Status(spanner::Client::Transaction&, const nlohmann::json& details,
                             std::string* wire)>
      with = nullptr;
  // It was committed. Null: nobody wants to know.
  std::function<absl::Status(const nlohmann::json& details)> after = nullptr;
  std::stop_token stop = {};  // between steps; what was begun is finished

  absl::Status With(spanner::Client::Transaction& transaction, const nlohmann::json& details,
                    std::string* wire) const {
    return with == nullptr ? absl::OkStatus() : with(transaction, details, wire);
  }
  absl::Status After(const nlohmann::json& details) const {
    return after == nullptr ? absl::OkStatus() : after(details);
  }
};

}  // namespace ks::operations
