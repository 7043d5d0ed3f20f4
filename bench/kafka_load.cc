// Signups for the benchmarks, and how fast they can be read at best.
//
//   ks_kafka_load produce --brokers B --topic T --records N [--rate 2000]   makes the topic, fills
//   it ks_kafka_load consume --brokers B --topic T --records N                a bare librdkafka
//   loop
//
// A record: key u-0000042, value about 190 bytes of JSON whose created_at is the wall clock when it
// was handed to the producer. With a rate, as many as are asked for go ahead (--warm-up), dated
// 1970, so that connections stand and the broker is warm when the clock starts. Prints seconds and
// CPU seconds as JSON. Used by end_to_end.py.
#include <librdkafka/rdkafka.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "env/clock.h"

namespace ks::bench {
namespace {

struct LoadOptions {
  std::string brokers;
  std::string topic = "signups";
  int64_t records = 1'000'000;
  int partitions = 6;
  int64_t rate = 0;     // records per second; 0: as fast as it goes
  int64_t warm_up = 0;  // records before those
};

[[noreturn]] void Die(const char* what, const char* why) {
  std::fprintf(stderr, "ks_kafka_load: %s: %s\n", what, why);
  std::exit(1);
}

rd_kafka_t* NewHandle(rd_kafka_type_t type, const LoadOptions& options,
                      const std::vector<std::pair<const char*, const char*>>& properties) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char reason[512];
  const auto set = [&](const char* name, const char* value) {
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) != RD_KAFKA_CONF_OK) {
      Die(name, reason);
    }
  };
  set("bootstrap.servers", options.brokers.c_str());
  for (const auto& [name, value] : properties) set(name, value);
  rd_kafka_t* handle = rd_kafka_new(type, conf, reason, sizeof(reason));
  if (handle == nullptr) Die("no handle", reason);
  return handle;
}

void MakeTopic(rd_kafka_t* handle, const LoadOptions& options) {
  char reason[512];
  rd_kafka_NewTopic_t* topic =
      rd_kafka_NewTopic_new(options.topic.c_str(), options.partitions, 1, reason, sizeof(reason));
  if (topic == nullptr) Die("topic", reason);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(handle);
  rd_kafka_CreateTopics(handle, &topic, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 30'000);
  size_t count = 0;
  const auto* result = event == nullptr ? nullptr : rd_kafka_event_CreateTopics_result(event);
  if (result == nullptr) Die("topic", "no answer from the broker within 30 s");
  const auto** topics = rd_kafka_CreateTopics_result_topics(result, &count);
  const auto code = rd_kafka_topic_result_error(topics[0]);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
    Die("topic", rd_kafka_topic_result_error_string(topics[0]));
  }
  rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  rd_kafka_NewTopic_destroy(topic);
}

void Report(int64_t records, int64_t bytes, int64_t started) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  std::printf(R"({"records":%lld,"bytes":%lld,"seconds":%.3f,"cpu_seconds":%.3f})"
              "\n",
              static_cast<long long>(records), static_cast<long long>(bytes),
              env::SecondsSince(started), seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

std::string Signup(int64_t number, absl::Time created_at) {
  static constexpr const char* kCountries[] = {"de", "fr", "us", "jp", "br", "in", "ng"};
  return absl::StrFormat(
      R"({"email":"Person.%d@Example.com","name":"Person Number %d","country":"%s",)"
      R"("created_at":"%s","score":%d.%02d,"referrer":"https://example.com/campaign/spring"})",
      number, number, kCountries[number % 7],
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", created_at, absl::UTCTimeZone()), number % 100,
      number * 7 % 100);
}

// ---- produce

// Returns the bytes of the value.
size_t Send(rd_kafka_t* handle, const LoadOptions& options, int64_t number, absl::Time created_at) {
  const std::string key = absl::StrFormat("u-%07d", number);
  const std::string value = Signup(number, created_at);
  while (true) {
    const auto code = rd_kafka_producev(
        handle, RD_KAFKA_V_TOPIC(options.topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return value.size();
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) Die("produce", rd_kafka_err2str(code));
    rd_kafka_poll(handle, 10);
  }
}

void Flush(rd_kafka_t* handle) {
  const auto code = rd_kafka_flush(handle, 120'000);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) Die("flush", rd_kafka_err2str(code));
}

int Produce(const LoadOptions& options) {
  rd_kafka_t* handle = NewHandle(RD_KAFKA_PRODUCER, options,
                                 {{"linger.ms", options.rate > 0 ? "0" : "20"},
                                  {"queue.buffering.max.messages", "1000000"},
                                  {"batch.size", "65536"},
                                  {"acks", "1"},
                                  {"socket.nagle.disable", "true"}});
  MakeTopic(handle, options);
  env::Clock& clock = env::RealClock();
  const int64_t started = clock.MonotonicNanos();
  size_t bytes = 0;
  for (int64_t i = 0; i < options.warm_up + options.records; ++i) {
    if (options.rate > 0) {
      const int64_t due = started + i * env::kNanosPerSecond / options.rate;
      const int64_t early = due - clock.MonotonicNanos();
      if (early > 0) env::SleepFor(early);
    }
    const absl::Time now = absl::FromUnixNanos(clock.NowNanos());
    bytes += Send(handle, options, i, i < options.warm_up ? absl::UnixEpoch() : now);
    if (i % 1000 == 0) rd_kafka_poll(handle, 0);
  }
  Flush(handle);
  Report(options.records, static_cast<int64_t>(bytes), started);
  rd_kafka_destroy(handle);
  return 0;
}

// ---- consume

int Consume(const LoadOptions& options) {
  const int64_t give_up_at = env::RealClock().MonotonicNanos() + 300 * env::kNanosPerSecond;
  rd_kafka_t* handle = NewHandle(RD_KAFKA_CONSUMER, options,
                                 {{"group.id", "ks-bench-limit"}, {"enable.auto.commit", "false"}});
  rd_kafka_poll_set_consumer(handle);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(options.partitions);
  for (int i = 0; i < options.partitions; ++i) {
    rd_kafka_topic_partition_list_add(list, options.topic.c_str(), i)->offset = 0;
  }
  if (rd_kafka_assign(handle, list) != RD_KAFKA_RESP_ERR_NO_ERROR) Die("assign", "refused");
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(handle);
  std::vector<rd_kafka_message_t*> messages(2000);
  int64_t started = 0;  // with the first records
  int64_t records = 0;
  int64_t bytes = 0;
  while (records < options.records) {
    const ssize_t taken = rd_kafka_consume_batch_queue(queue, 100, messages.data(), 2000);
    if (taken > 0 && started == 0) started = env::RealClock().MonotonicNanos();
    for (ssize_t i = 0; i < taken; ++i) {
      if (messages[static_cast<size_t>(i)]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++records;
        bytes += static_cast<int64_t>(messages[static_cast<size_t>(i)]->len);
      }
      rd_kafka_message_destroy(messages[static_cast<size_t>(i)]);
    }
    if (env::RealClock().MonotonicNanos() > give_up_at) {
      Die("consume", "not all records came within 300 s");
    }
  }
  Report(records, bytes, started);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(handle);
  rd_kafka_destroy(handle);
  return 0;
}

int Main(int argc, char** argv) {
  LoadOptions options;
  CLI::App app("signups in and out of Kafka");
  app.add_option("--brokers", options.brokers)->required();
  app.add_option("--topic", options.topic);
  app.add_option("--records", options.records)->check(CLI::Range(1, 100'000'000));
  app.add_option("--partitions", options.partitions)->check(CLI::Range(1, 1000));
  app.add_option("--warm-up", options.warm_up, "records of 1970 that go ahead");
  app.add_option("--rate", options.rate, "pace: records per second")
      ->check(CLI::Range(0, 1'000'000));
  app.require_subcommand(1);
  app.fallthrough();
  CLI::App* produce = app.add_subcommand("produce", "fill the topic");
  CLI::App* consume = app.add_subcommand("consume", "read it with a bare loop");
  CLI11_PARSE(app, argc, argv);
  (void)consume;
  return produce->parsed() ? Produce(options) : Consume(options);
}

}  // namespace
}  // namespace ks::bench

int main(int argc, char** argv) { return ks::bench::Main(argc, argv); }
