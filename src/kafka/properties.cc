#include "kafka/properties.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

#include "base/status_macros.h"
#include "kafka/errors.h"

namespace ks::kafka {
namespace {

absl::Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char reason[512];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason, sizeof(reason)) !=
      RD_KAFKA_CONF_OK) {
    return BadProperty(name, value, reason);
  }
  return absl::OkStatus();
}

}  // namespace

void ConfDeleter::operator()(rd_kafka_conf_s* conf) const { rd_kafka_conf_destroy(conf); }

absl::StatusOr<ConfPtr> MakeConf(const Properties& ours, const Properties& user) {
  ConfPtr conf(rd_kafka_conf_new());
  for (const auto& [name, value] : user) {
    const bool reserved =
        std::any_of(ours.begin(), ours.end(), [&](const auto& p) { return p.first == name; });
    if (reserved) return ReservedProperty(name);
    KS_RETURN_IF_ERROR(Set(conf.get(), name, value));
  }
  for (const auto& [name, value] : ours) KS_RETURN_IF_ERROR(Set(conf.get(), name, value));
  return conf;
}

}  // namespace ks::kafka
