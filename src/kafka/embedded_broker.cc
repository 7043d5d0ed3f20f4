#include "kafka/embedded_broker.h"

#include <librdkafka/rdkafka.h>
// After rdkafka.h.
#include <librdkafka/rdkafka_mock.h>

#include "base/status_macros.h"
#include "kafka/handle.h"
#include "kafka/properties.h"

namespace ks::kafka {

absl::StatusOr<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::Start() {
  KS_ASSIGN_OR_RETURN(ConfPtr conf, MakeConf({{"client.id", "embedded-broker"}}, {}));
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  char reason[512];
  rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof(reason));
  if (handle == nullptr)
    return absl::InternalError(StrCat("cannot start the embedded broker: ", reason));
  (void)conf.release();
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(handle, /*broker_cnt=*/1);
  if (cluster == nullptr) {
    rd_kafka_destroy(handle);
    return absl::InternalError(
        "cannot start the embedded broker: no port on the loopback address could be opened");
  }
  rd_kafka_mock_group_initial_rebalance_delay_ms(cluster,
                                                 0);  // nobody waits for members that are not there
  return std::unique_ptr<EmbeddedBroker>(new EmbeddedBroker(handle, cluster));
}

EmbeddedBroker::~EmbeddedBroker() {
  rd_kafka_mock_cluster_destroy(cluster_);
  rd_kafka_destroy(handle_);
}

std::string EmbeddedBroker::address() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }

absl::Status EmbeddedBroker::CreateTopic(const std::string& topic, int partitions) {
  return FromCode(
      rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, /*replication_factor=*/1),
      StrCat("cannot create topic ", topic));
}

}  // namespace ks::kafka
