#include "kafka/errors.h"

#include <librdkafka/rdkafka.h>

#include "base/str_cat.h"
#include "kafka/limits.h"
#include "kafka/refusal.h"

namespace ks::kafka {
namespace {

absl::StatusCode CodeOf(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
      return absl::StatusCode::kUnavailable;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return absl::StatusCode::kDeadlineExceeded;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__SSL:
      return absl::StatusCode::kUnauthenticated;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return absl::StatusCode::kPermissionDenied;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID:
      return absl::StatusCode::kNotFound;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
      return absl::StatusCode::kAlreadyExists;
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return absl::StatusCode::kOutOfRange;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return absl::StatusCode::kInvalidArgument;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status BadProperty(std::string_view name, std::string_view value, std::string_view reason) {
  return absl::InvalidArgumentError(
      StrCat("Kafka property ", name, "=", value, " was refused: ", reason));
}

absl::Status BadSecretProperty(std::string_view name, std::string_view reference) {
  return absl::InvalidArgumentError(
      StrCat("Kafka property ", name, ": what is behind ", reference,
             " was refused by the Kafka "
             "client. A private key must be PEM, and its password the right one."));
}

absl::Status TokenNotTaken(std::string_view reason) {
  return absl::UnauthenticatedError(
      StrCat("the Kafka client did not take the token it was given: ", reason));
}

absl::Status NewCredentialsRefused(std::string_view version, std::string_view reason) {
  return absl::UnauthenticatedError(
      StrCat("the credentials for Kafka were changed (version ", version,
             "), and the new ones do not work: those before stay in use until there are others. ",
             reason));
}

absl::Status BadClientCertificate() {
  return absl::InvalidArgumentError(
      "the client's certificate and private key do not belong together, or are not PEM, or the key "
      "has another password");
}

absl::Status LoginRefused(std::string_view broker, std::string_view how, std::string_view who,
                          std::string_view reason) {
  const std::string_view what_to_do = WhatToDo(reason);
  return absl::UnauthenticatedError(StrCat("Kafka at ", broker, " and we do not trust each other (",
                                           how, who.empty() ? "" : ", as ", who, "): ", reason,
                                           what_to_do.empty() ? "" : ". What to do: ", what_to_do,
                                           what_to_do.empty() ? "" : "."));
}

absl::Status ReservedProperty(std::string_view name) {
  return absl::InvalidArgumentError(StrCat("Kafka property ", name,
                                           " cannot be set in a pipeline: exactly-once delivery "
                                           "depends on the value kafka-spanner gives it. "
                                           "Remove it."));
}

absl::Status TopicMissing(std::string_view topic, std::string_view brokers) {
  return absl::NotFoundError(StrCat("topic \"", topic, "\" does not exist at ", brokers,
                                    ". Create it, or correct `topic:` in the pipeline file."));
}

absl::Status GroupNotLeft(std::string_view group, std::string_view brokers) {
  return absl::DeadlineExceededError(
      StrCat("could not leave the consumer group ", group, " at ", brokers, " in ",
             kCloseTimeoutMillis / 1000,
             " s: its partitions go to other workers when the session ends (session.timeout.ms)."));
}

absl::Status PartitionsWithoutLeader(std::string_view topic, size_t count) {
  return absl::UnavailableError(
      StrCat(count, " partitions of topic \"", topic, "\" have no leader now."));
}

absl::Status FromCode(int code, std::string_view what) {
  const auto error = static_cast<rd_kafka_resp_err_t>(code);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  return absl::Status(CodeOf(error), StrCat(what, ": ", rd_kafka_err2str(error)));
}

}  // namespace ks::kafka
