// Every number the Kafka side goes by.
#pragma once

#include <cstdint>

namespace ks::kafka {

// Messages taken from a queue at once. Larger batches amortise more and hold more memory.
inline constexpr int kPollMessagesMax = 2'000;
// Waits for a broker's answer to a question (metadata, watermarks, offsets for times).
inline constexpr int kQueryTimeoutMillis = 10'000;
// What topics there are is asked again by whoever asked, who has something to say meanwhile.
inline constexpr int kConnectStepMillis = 500;
inline constexpr int kMetadataTimeoutMillis = 5'000;
// The last words to the group when leaving it.
inline constexpr int kCloseTimeoutMillis = 10'000;
// What a group may take to give a new member its first assignment, before it leaves all the same:
// a broker waits 3 s for a group's first members (group.initial.rebalance.delay.ms).
inline constexpr int kJoinTimeoutMillis = 6'000;
inline constexpr int kJoinPollMillis = 50;
// How often the versions of passwords, keys and certificates are looked at (what a secret manager
// has is older by identity/limits.h kSecretKeepSeconds at most).
inline constexpr int64_t kCredentialsLookMillis = 200;
// How long ones that Kafka refused are left alone, and for how long at most.
inline constexpr int64_t kRefusedPauseMillis = 500;
inline constexpr int64_t kRefusedPauseMillisMax = 30'000;
// A token is fetched again after half of what it has to live, but not sooner than this; one that
// could not be fetched, or that Kafka refuses, not later than that.
inline constexpr int64_t kTokenRetryNanos = 1'000'000'000;
inline constexpr int64_t kTokenRetryNanosMax = 10'000'000'000;
// Where the one at hand is over, the pause doubles so often.
inline constexpr int kTokenRetryDoublings = 4;
// How often the thread that serves logins looks whether it is to stop.
inline constexpr int kLoginPollMillis = 200;
// The longest pause between attempts to connect, as in Kafka's own clients; librdkafka's default
// is ten seconds. After some refusals (Kafka had a new password earlier than we) the next attempt
// would come so late, new password or not, that our session in the group has ended.
inline constexpr int kReconnectMillisMax = 1'000;
// What librdkafka fetches ahead, per partition: below so many messages it fetches again, at most so
// many bytes at once (more where a single batch is larger). Less where many partitions share the
// memory: prefetch.h.
inline constexpr int kPrefetchMessages = 5'000;
inline constexpr int kPrefetchKbytes = 8'192;
inline constexpr int kFetchBytes = 512 << 10;
// So little is fetched ahead however many partitions there are: a busy partition must not wait for
// the broker after every few records.
inline constexpr int kPrefetchMessagesMin = 100;
inline constexpr int kPrefetchKbytesMin = 128;
// What librdkafka keeps of a message beside its bytes; measured.
inline constexpr int kMessageOverheadBytes = 1'024;
// How long it leaves a partition alone whose queue is full. Its own default, a second, starves us.
inline constexpr int kPrefetchPauseMillis = 5;
// How long a broker holds a fetch when there is nothing new. librdkafka has one fetch under way per
// broker, for the partitions that had room when it was sent: while it waits for quiet partitions,
// one whose queue has meanwhile been emptied waits too.
inline constexpr int kFetchWaitMillis = 50;
// librdkafka's mock cluster keeps this much of each partition, in bytes, and forgets the oldest.
inline constexpr int64_t kEmbeddedPartitionBytesMax = int64_t{5} << 20;

// A scan that hears nothing for so long gives up.
inline constexpr int64_t kScanSilenceMillis = 30'000;

}  // namespace ks::kafka
