// Owners of librdkafka's objects. For this module's .cc files only.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "base/str_cat.h"
#include "kafka/errors.h"
#include "kafka/message.h"

namespace ks::kafka {

template <auto Destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    Destroy(object);
  }
};

using PartitionListPtr = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                         Destroyer<rd_kafka_topic_partition_list_destroy>>;
using ErrorPtr = std::unique_ptr<rd_kafka_error_t, Destroyer<rd_kafka_error_destroy>>;
using QueuePtr = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_destroy>>;
using EventPtr = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;

inline PartitionListPtr NewList(size_t capacity) {
  return PartitionListPtr(rd_kafka_topic_partition_list_new(static_cast<int>(capacity)));
}

inline rd_kafka_topic_partition_t* Add(rd_kafka_topic_partition_list_t& list,
                                       const TopicPartition& partition,
                                       int64_t offset = RD_KAFKA_OFFSET_INVALID) {
  auto* entry = rd_kafka_topic_partition_list_add(&list, partition.topic.c_str(),
                                                  partition.partition.value());
  entry->offset = offset;
  return entry;
}

// Takes over `error` (null: success).
inline absl::Status FromError(rd_kafka_error_t* error, std::string_view what) {
  const ErrorPtr owned(error);
  if (owned == nullptr) return absl::OkStatus();
  return FromCode(rd_kafka_error_code(owned.get()),
                  StrCat(what, ": ", rd_kafka_error_string(owned.get())));
}

}  // namespace ks::kafka
