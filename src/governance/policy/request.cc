#include "governance/policy/request.h"

#include <nlohmann/json.hpp>

#include "governance/hash.h"

namespace ks::governance {

std::string PlanHash(const nlohmann::json& plan) {
  // nlohmann::json keeps the names of an object in order: equal plans have equal texts.
  return Sha256Hex(plan.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace ks::governance
