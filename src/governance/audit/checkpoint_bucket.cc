#include "governance/audit/checkpoint_bucket.h"

#include <cstdint>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "governance/audit/entry.h"
#include "governance/errors.h"
#include "governance/limits.h"

namespace ks::governance {
namespace {

std::string FolderOf(const identity::BucketPlace& place) {
  return place.prefix.empty() ? "" : StrCat(place.prefix, "/");
}

std::string NameOf(const identity::BucketPlace& place) {
  return StrCat(place.scheme, "://", place.bucket, "/", place.prefix);
}

class CheckpointBucket : public CheckpointSink {
 public:
  CheckpointBucket(identity::BucketPlace place, identity::Services& identity)
      : place_(std::move(place)), store_(identity::OpenObjectStore(place_, identity)) {}

  absl::StatusOr<std::optional<std::string>> Newest() override {
    KS_ASSIGN_OR_RETURN(const auto names, store_->List(FolderOf(place_), 1));
    if (names.empty()) return std::nullopt;
    KS_ASSIGN_OR_RETURN(const std::string line, store_->Get(names.front()));
    const auto parsed = ParseExportedLine(line);
    if (!parsed || !parsed->is_checkpoint)
      return NotAnEvent(StrCat(NameOf(place_), ": ", names.front()), 1);
    return parsed->raw;
  }

  absl::Status Publish(std::string_view note, int64_t time_nanos) override {
    const std::vector<absl::string_view> lines = absl::StrSplit(AbslView(note), '\n');
    int64_t size = 0;
    if (lines.size() < 2 || !absl::SimpleAtoi(lines[1], &size) || size < 0)
      return CannotKeepCheckpoint(NameOf(place_), "this is no checkpoint");
    const std::string name =
        StrCat(FolderOf(place_), absl::StrFormat("%019d", INT64_MAX - size), "-", size, ".json");
    const absl::Status put =
        store_->PutNew(name, EventOfCheckpoint(note, time_nanos).dump() + "\n");
    if (put.ok()) return put;
    if (!absl::IsAlreadyExists(put))
      return CannotKeepCheckpoint(NameOf(place_), View(put.message()));
    // Of the same log at the same size it says the same; anything else was never of this log.
    KS_ASSIGN_OR_RETURN(const std::string there, store_->Get(name));
    const auto parsed = ParseExportedLine(there);
    if (parsed && parsed->is_checkpoint && parsed->raw == note) return absl::OkStatus();
    return CannotKeepCheckpoint(NameOf(place_), StrCat(name, " is there and says something else"));
  }

 private:
  const identity::BucketPlace place_;
  const std::unique_ptr<identity::ObjectStore> store_;
};

}  // namespace

std::unique_ptr<CheckpointSink> OpenCheckpointBucket(const identity::BucketPlace& place,
                                                     identity::Services& identity) {
  return std::make_unique<CheckpointBucket>(place, identity);
}

absl::Status ReadCheckpointBucket(
    const identity::BucketPlace& place, identity::Services& identity,
    const std::function<absl::Status(std::string_view line)>& consume) {
  const auto store = identity::OpenObjectStore(place, identity);
  KS_ASSIGN_OR_RETURN(const auto names, store->List(FolderOf(place), kCheckpointsReadMax));
  if (names.size() == kCheckpointsReadMax)
    return CannotReadCheckpoints(NameOf(place), StrCat("it has ", kCheckpointsReadMax,
                                                       " checkpoints or more: copy them to a file "
                                                       "and give `verify` that"));
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    KS_ASSIGN_OR_RETURN(const std::string line, store->Get(*name));
    KS_RETURN_IF_ERROR(consume(line));
  }
  return absl::OkStatus();
}

}  // namespace ks::governance
