// Errors of the checkpoint protocol that a user sees: one function each; it says what to do next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "pipeline/checkpoint.h"

namespace ks::pipeline {

// The topic was deleted and created again: its id changed, or its end lies below what is committed.
absl::Status TopicRecreatedError(const ChainKey& key, std::string_view how_known);
// Retention removed records that were not read yet.
absl::Status RecordsRemovedError(const ChainKey& key, int64_t next, int64_t low);
// The same, when `on_data_loss: continue` goes on.
absl::Status RecordsRemovedWarning(const ChainKey& key, int64_t next, int64_t low);
// More dead letters in a short time than the pipeline allows.
absl::Status TooManyDeadLettersError(const ChainKey& key, int64_t dead_letters, int64_t records);
// A record that Spanner refuses, under `else: stop`.
absl::Status RecordRefusedError(const ChainKey& key, int64_t offset, const absl::Status& cause);
// Spanner refuses even a commit without the record's data.
absl::Status SpannerRefusesError(const ChainKey& key, const absl::Status& cause);
// Spanner has not answered well for a while; the pipeline keeps trying.
absl::Status SpannerSilentWarning(const ChainKey& key, const absl::Status& cause);
// The tables of kafka_spanner cannot be read.
absl::Status ChainsUnreadableError(const ChainKey& key, const absl::Status& cause);
// Rows of Partitions and Checkpoints that no commit of this program leaves behind.
absl::Status ChainsDamagedError(std::string_view what);
// The lanes do not stand at one offset, so their number cannot be changed yet.
// NOT_FOUND: the pipeline has not run on this partition.
absl::Status NoChainsError(const ChainKey& key);
absl::Status LanesNotDrainedError(const ChainKey& key);
// No error: the broker has refused an offset that should be there.
absl::Status PositionRefusedReason(const ChainKey& key, int64_t position, int64_t high);
// No error: another worker has moved the chains.
absl::Status ChainsMovedReason(const ChainKey& key);

// The same, with the trace of the batch that it is about; empty: there is none.
absl::Status InTrace(const absl::Status& status, std::string_view trace);

// "topic signups, partition 3 (pipeline signups)"
std::string Describe(const ChainKey& key);

}  // namespace ks::pipeline
