#include "kafka/admin.h"

#include <algorithm>

#include "base/status_macros.h"
#include "kafka/handle.h"
#include "kafka/limits.h"

namespace ks::kafka {
namespace {

using OptionsPtr =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroyer<rd_kafka_AdminOptions_destroy>>;
using NewTopicPtr = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_destroy>>;
using MetadataPtr =
    std::unique_ptr<const struct rd_kafka_metadata, Destroyer<rd_kafka_metadata_destroy>>;
using CollectionPtr =
    std::unique_ptr<rd_kafka_TopicCollection_t, Destroyer<rd_kafka_TopicCollection_destroy>>;

absl::StatusOr<EventPtr> WaitFor(rd_kafka_queue_t* queue, std::string_view what) {
  EventPtr event(rd_kafka_queue_poll(queue, kQueryTimeoutMillis + 1'000));
  if (event == nullptr)
    return absl::DeadlineExceededError(StrCat(what, ": the broker did not answer in time"));
  if (const auto code = rd_kafka_event_error(event.get())) {
    return FromCode(code, StrCat(what, ": ", rd_kafka_event_error_string(event.get())));
  }
  return event;
}

OptionsPtr MakeOptions(rd_kafka_t* handle, rd_kafka_admin_op_t operation) {
  OptionsPtr options(rd_kafka_AdminOptions_new(handle, operation));
  char reason[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kQueryTimeoutMillis, reason,
                                            sizeof(reason));
  return options;
}

std::vector<std::string> NamesOf(const rd_kafka_AclOperation_t* operations, size_t count) {
  std::vector<std::string> names;
  for (size_t i = 0; operations != nullptr && i < count; ++i) {
    names.emplace_back(rd_kafka_AclOperation_name(operations[i]));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Asks about one topic. The description lives as long as the event.
struct Described {
  EventPtr event;
  const rd_kafka_TopicDescription_t* topic = nullptr;
};
absl::StatusOr<Described> Describe(rd_kafka_t* handle, const std::string& topic,
                                   bool with_operations) {
  const QueuePtr queue(rd_kafka_queue_new(handle));
  const OptionsPtr options = MakeOptions(handle, RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
  const ErrorPtr refused(
      rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), with_operations));
  const char* names[] = {topic.c_str()};
  const CollectionPtr topics(rd_kafka_TopicCollection_of_topic_names(names, 1));
  rd_kafka_DescribeTopics(handle, topics.get(), options.get(), queue.get());
  Described described;
  KS_ASSIGN_OR_RETURN(described.event, WaitFor(queue.get(), "describe topic"));
  size_t count = 0;
  const auto* result = rd_kafka_event_DescribeTopics_result(described.event.get());
  const auto** descriptions = rd_kafka_DescribeTopics_result_topics(result, &count);
  if (count != 1) return absl::NotFoundError(StrCat("topic ", topic, " is not described"));
  described.topic = descriptions[0];
  const auto code = rd_kafka_error_code(rd_kafka_TopicDescription_error(described.topic));
  KS_RETURN_IF_ERROR(FromCode(code, StrCat("cannot describe topic ", topic)));
  return described;
}

// The id's text, or nothing where the broker cannot tell.
std::string TopicIdOf(rd_kafka_t* handle, const std::string& topic) {
  const auto described = Describe(handle, topic, /*with_operations=*/false);
  if (!described.ok()) return "";
  const rd_kafka_Uuid_t* id = rd_kafka_TopicDescription_topic_id(described->topic);
  const bool zero =
      rd_kafka_Uuid_least_significant_bits(id) == 0 && rd_kafka_Uuid_most_significant_bits(id) == 0;
  return zero ? "" : rd_kafka_Uuid_base64str(id);
}

}  // namespace

absl::StatusOr<TopicDescription> DescribeTopic(rd_kafka_s* handle, const std::string& topic,
                                               bool with_id) {
  // Plain metadata answers for the partitions on every broker, and the mock cluster.
  rd_kafka_topic_t* raw = rd_kafka_topic_new(handle, topic.c_str(), nullptr);
  const std::unique_ptr<rd_kafka_topic_t, Destroyer<rd_kafka_topic_destroy>> object(raw);
  const struct rd_kafka_metadata* metadata = nullptr;
  const std::string what = StrCat("cannot ask about topic ", topic);
  KS_RETURN_IF_ERROR(
      FromCode(rd_kafka_metadata(handle, 0, raw, &metadata, kMetadataTimeoutMillis), what));
  const MetadataPtr owned(metadata);
  if (metadata->topic_cnt != 1) return absl::NotFoundError(what);
  KS_RETURN_IF_ERROR(FromCode(metadata->topics[0].err, what));
  TopicDescription description{topic, "", metadata->topics[0].partition_cnt};
  if (description.partitions == 0) return absl::NotFoundError(what);
  if (with_id) description.topic_id = TopicIdOf(handle, topic);
  return description;
}

absl::StatusOr<std::vector<std::string>> AllowedOperations(rd_kafka_s* handle,
                                                           const std::string& topic) {
  KS_ASSIGN_OR_RETURN(const Described described, Describe(handle, topic, /*with_operations=*/true));
  size_t count = 0;
  const rd_kafka_AclOperation_t* operations =
      rd_kafka_TopicDescription_authorized_operations(described.topic, &count);
  return NamesOf(operations, count);
}

absl::StatusOr<std::vector<std::string>> AllowedOnGroup(rd_kafka_s* handle,
                                                        const std::string& group) {
  const std::string what = StrCat("cannot describe group ", group);
  const QueuePtr queue(rd_kafka_queue_new(handle));
  const OptionsPtr options = MakeOptions(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
  const ErrorPtr refused(rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), 1));
  const char* names[] = {group.c_str()};
  rd_kafka_DescribeConsumerGroups(handle, names, 1, options.get(), queue.get());
  KS_ASSIGN_OR_RETURN(const EventPtr event, WaitFor(queue.get(), what));
  size_t count = 0;
  const auto** groups = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
  if (count != 1) return absl::NotFoundError(what);
  const auto code = rd_kafka_error_code(rd_kafka_ConsumerGroupDescription_error(groups[0]));
  KS_RETURN_IF_ERROR(FromCode(code, what));
  const auto* operations =
      rd_kafka_ConsumerGroupDescription_authorized_operations(groups[0], &count);
  return NamesOf(operations, count);
}

absl::StatusOr<std::vector<std::string>> AllowedOnCluster(rd_kafka_s* handle) {
  const QueuePtr queue(rd_kafka_queue_new(handle));
  const OptionsPtr options = MakeOptions(handle, RD_KAFKA_ADMIN_OP_DESCRIBECLUSTER);
  const ErrorPtr refused(rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), 1));
  rd_kafka_DescribeCluster(handle, options.get(), queue.get());
  KS_ASSIGN_OR_RETURN(const EventPtr event, WaitFor(queue.get(), "cannot describe the cluster"));
  size_t count = 0;
  const auto* operations = rd_kafka_DescribeCluster_result_authorized_operations(
      rd_kafka_event_DescribeCluster_result(event.get()), &count);
  return NamesOf(operations, count);
}

absl::StatusOr<std::vector<std::string>> VisibleTopics(rd_kafka_s* handle) {
  const struct rd_kafka_metadata* metadata = nullptr;
  KS_RETURN_IF_ERROR(
      FromCode(rd_kafka_metadata(handle, 1, nullptr, &metadata, kMetadataTimeoutMillis),
               "cannot ask which topics there are"));
  const MetadataPtr owned(metadata);
  std::vector<std::string> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) topics.emplace_back(metadata->topics[i].topic);
  std::sort(topics.begin(), topics.end());
  return topics;
}

absl::StatusOr<std::string> TopicSetting(rd_kafka_s* handle, const std::string& topic,
                                         const std::string& name) {
  const std::string what = StrCat("cannot read the settings of topic ", topic);
  rd_kafka_ConfigResource_t* asked =
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  const std::unique_ptr<rd_kafka_ConfigResource_t, Destroyer<rd_kafka_ConfigResource_destroy>>
      owned(asked);
  const QueuePtr queue(rd_kafka_queue_new(handle));
  const OptionsPtr options = MakeOptions(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_DescribeConfigs(handle, &asked, 1, options.get(), queue.get());
  KS_ASSIGN_OR_RETURN(const EventPtr event, WaitFor(queue.get(), what));
  size_t count = 0;
  const auto** resources = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count != 1) return absl::NotFoundError(what);
  KS_RETURN_IF_ERROR(FromCode(rd_kafka_ConfigResource_error(resources[0]), what));
  const auto** entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  for (size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigEntry_name(entries[i]) != name) continue;
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    return value == nullptr ? std::string() : std::string(value);
  }
  return absl::NotFoundError(StrCat(what, ": no ", name));
}

absl::StatusOr<std::map<TopicPartition, Offset>> ListOffsets(
    rd_kafka_s* handle, const std::vector<TopicPartition>& partitions, int64_t what) {
  std::map<TopicPartition, Offset> offsets;
  if (partitions.empty()) return offsets;
  const PartitionListPtr list = NewList(partitions.size());
  for (const TopicPartition& partition : partitions) Add(*list, partition, what);
  const QueuePtr queue(rd_kafka_queue_new(handle));
  const OptionsPtr options = MakeOptions(handle, RD_KAFKA_ADMIN_OP_LISTOFFSETS);
  const ErrorPtr refused(rd_kafka_AdminOptions_set_isolation_level(
      options.get(), RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED));
  rd_kafka_ListOffsets(handle, list.get(), options.get(), queue.get());
  KS_ASSIGN_OR_RETURN(const EventPtr event, WaitFor(queue.get(), "cannot read offsets"));
  size_t count = 0;
  const auto** infos =
      rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event.get()), &count);
  for (size_t i = 0; i < count; ++i) {
    const auto* found = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    if (found->err != RD_KAFKA_RESP_ERR_NO_ERROR || found->offset < 0) continue;
    offsets[{found->topic, PartitionId(found->partition)}] = Offset(found->offset);
  }
  return offsets;
}

absl::Status CreateTopic(rd_kafka_s* handle, const std::string& topic, int partitions,
                         int replication) {
  char reason[256];
  const NewTopicPtr order(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, replication, reason, sizeof(reason)));
  if (order == nullptr)
    return absl::InvalidArgumentError(StrCat("cannot create topic ", topic, ": ", reason));
  const QueuePtr queue(rd_kafka_queue_new(handle));
  const OptionsPtr options = MakeOptions(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_NewTopic_t* orders[] = {order.get()};
  rd_kafka_CreateTopics(handle, orders, 1, options.get(), queue.get());
  KS_ASSIGN_OR_RETURN(const EventPtr event, WaitFor(queue.get(), StrCat("create topic ", topic)));
  size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const auto** topics = rd_kafka_CreateTopics_result_topics(result, &count);
  if (count != 1) return absl::InternalError(StrCat("create topic ", topic, ": no answer"));
  return FromCode(rd_kafka_topic_result_error(topics[0]), StrCat("create topic ", topic));
}

}  // namespace ks::kafka
