// Checkpoints in a bucket: each one an object, written once and never over another. Its name begins
// with what is left to the largest size, so that the newest is the first of a listing:
// `PREFIX/9223372036854775790-17.json` holds the line of size 17 (checkpoint_sink.h). A prefix is
// for one log.
//
// A bucket is a place outside of the database only where the database's owner may not delete from
// it: give it a retention policy (Google) or Object Lock (Amazon). Thread safety: none; one action
// at a time. Tests: tests/identity/test_audit_bucket.py.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "governance/audit/checkpoint_sink.h"
#include "identity/object_store.h"

namespace ks::governance {

// `identity` outlives it.
std::unique_ptr<CheckpointSink> OpenCheckpointBucket(const identity::BucketPlace& place,
                                                     identity::Services& identity);

// All lines there, the oldest first.
absl::Status ReadCheckpointBucket(
    const identity::BucketPlace& place, identity::Services& identity,
    const std::function<absl::Status(std::string_view line)>& consume);

}  // namespace ks::governance
