// EmbeddedBroker: librdkafka's in-process mock cluster, a Kafka for `dev` and for tests.
//
// It speaks the real protocol on a loopback port, so any client can connect. It keeps the newest 5
// MiB of each partition (kEmbeddedPartitionBytesMax) and nothing over a restart: whoever loads it
// paces itself by what has been committed. Thread safety: all methods may be called from any
// thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

struct rd_kafka_s;
struct rd_kafka_mock_cluster_s;

namespace ks::kafka {

class EmbeddedBroker {
 public:
  static absl::StatusOr<std::unique_ptr<EmbeddedBroker>> Start();
  ~EmbeddedBroker();
  EmbeddedBroker(const EmbeddedBroker&) = delete;

  // host:port, for `bootstrap.servers`.
  std::string address() const;
  absl::Status CreateTopic(const std::string& topic, int partitions);

 private:
  EmbeddedBroker(rd_kafka_s* handle, rd_kafka_mock_cluster_s* cluster)
      : handle_(handle), cluster_(cluster) {}
  rd_kafka_s* const handle_;
  rd_kafka_mock_cluster_s* const cluster_;
};

}  // namespace ks::kafka
