// SpannerPort: carries out a Partition's reads, commits and transactions on a spanner::Client.
//
// Thread safety: all methods may be called from any thread. `done` runs on one of gRPC's threads
// (or the port's own, for transactions) and must not block: it posts to an Inbox. Stop() waits for
// what is under way; no `done` runs after it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/bounded_queue.h"
#include "pipeline/ports.h"
#include "spanner/client.h"

namespace ks::runtime {

using RowsDone = std::function<void(absl::StatusOr<std::vector<pipeline::RowsPtr>>)>;
using CommitDoneFunction = std::function<void(pipeline::CommitDone)>;

// A pipeline's read as Spanner's request.
absl::StatusOr<google::spanner::v1::ReadRequest> ToRequest(const pipeline::ReadSpec& read);

// The rows of each of `reads`, one after the other; blocks as `read` does.
using ReadFunction =
    std::function<absl::StatusOr<spanner::ResultPtr>(google::spanner::v1::ReadRequest)>;
absl::StatusOr<std::vector<pipeline::RowsPtr>> ReadRows(
    const std::vector<pipeline::ReadSpec>& reads, const ReadFunction& read);
absl::StatusOr<std::vector<pipeline::RowsPtr>> ReadRows(
    const std::vector<pipeline::ReadSpec>& reads, spanner::Client::Transaction& transaction);

class SpannerPort {
 public:
  explicit SpannerPort(spanner::Client& client);
  ~SpannerPort();
  SpannerPort(const SpannerPort&) = delete;

  // All reads at once; the first error is the answer.
  void Read(std::vector<pipeline::ReadSpec> reads, RowsDone done);
  void Commit(pipeline::SendCommit commit, CommitDoneFunction done);
  void Run(pipeline::RunTransaction transaction, CommitDoneFunction done);

  // Commits that are under way.
  int64_t commits_in_flight() const;
  void Stop();

 private:
  void Started();
  void Finished();
  void RunTransactions();

  spanner::Client& client_;
  BoundedQueue<std::function<void()>> transactions_;
  std::thread transaction_thread_;

  mutable absl::Mutex mu_;
  int64_t under_way_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace ks::runtime
