#include "runtime/spanner_port.h"

#include <google/spanner/v1/spanner.pb.h>

#include "base/status_macros.h"
#include "runtime/limits.h"
#include "spanner/errors.h"

namespace ks::runtime {

absl::StatusOr<google::spanner::v1::ReadRequest> ToRequest(const pipeline::ReadSpec& read) {
  google::spanner::v1::ReadRequest request;
  request.set_table(read.table);
  for (const std::string& column : read.columns) request.add_columns(column);
  if (!request.mutable_key_set()->ParseFromString(read.key_set)) {
    return absl::InternalError("the key set of a read is no KeySet");
  }
  return request;
}

absl::StatusOr<std::vector<pipeline::RowsPtr>> ReadRows(
    const std::vector<pipeline::ReadSpec>& reads, const ReadFunction& read) {
  std::vector<pipeline::RowsPtr> rows;
  for (const pipeline::ReadSpec& each : reads) {
    KS_ASSIGN_OR_RETURN(auto request, ToRequest(each));
    KS_ASSIGN_OR_RETURN(rows.emplace_back(), read(std::move(request)));
  }
  return rows;
}

absl::StatusOr<std::vector<pipeline::RowsPtr>> ReadRows(
    const std::vector<pipeline::ReadSpec>& reads, spanner::Client::Transaction& transaction) {
  return ReadRows(reads, [&](google::spanner::v1::ReadRequest request) {
    return transaction.Read(std::move(request));
  });
}

namespace {

pipeline::CommitDone ToEvent(pipeline::CallId id, const spanner::CommitAnswer& answer) {
  pipeline::CommitDone event;
  event.id = id;
  event.status = answer.status;
  event.commit_timestamp_micros = answer.commit_timestamp_micros;
  event.retry_delay_nanos = spanner::RetryDelayNanos(answer.status);
  event.mutation_count = answer.mutation_count;
  return event;
}

// The answers to several reads that run at once.
struct Gathering {
  absl::Mutex mu;
  std::vector<pipeline::RowsPtr> rows ABSL_GUARDED_BY(mu);
  absl::Status failure ABSL_GUARDED_BY(mu);
  size_t missing ABSL_GUARDED_BY(mu) = 0;
};

}  // namespace

SpannerPort::SpannerPort(spanner::Client& client)
    : client_(client),
      transactions_(kTransactionsQueuedMax),
      transaction_thread_([this] { RunTransactions(); }) {}

SpannerPort::~SpannerPort() { Stop(); }

void SpannerPort::Started() {
  absl::MutexLock lock(&mu_);
  ++under_way_;
}

void SpannerPort::Finished() {
  absl::MutexLock lock(&mu_);
  --under_way_;
}

int64_t SpannerPort::commits_in_flight() const {
  absl::MutexLock lock(&mu_);
  return under_way_;
}

void SpannerPort::Stop() {
  transactions_.Close();
  if (transaction_thread_.joinable()) transaction_thread_.join();
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(
      +[](int64_t* under_way) { return *under_way == 0; }, &under_way_));
}

void SpannerPort::Read(std::vector<pipeline::ReadSpec> reads, RowsDone done) {
  auto gathering = std::make_shared<Gathering>();
  {
    absl::MutexLock lock(&gathering->mu);
    gathering->rows.resize(reads.size());
    gathering->missing = reads.size();
  }
  if (reads.empty()) return done(std::vector<pipeline::RowsPtr>());
  for (size_t i = 0; i < reads.size(); ++i) {
    Started();
    auto finish = [this, gathering, i, done](absl::StatusOr<spanner::ResultPtr> result) {
      absl::StatusOr<std::vector<pipeline::RowsPtr>> answer;
      bool last = false;
      {
        absl::MutexLock lock(&gathering->mu);
        if (result.ok()) {
          gathering->rows[i] = *std::move(result);
        } else {
          gathering->failure.Update(result.status());
        }
        last = --gathering->missing == 0;
        if (last && gathering->failure.ok()) answer = std::move(gathering->rows);
        if (last && !gathering->failure.ok()) answer = gathering->failure;
      }
      if (last) done(std::move(answer));
      Finished();
    };
    auto request = ToRequest(reads[i]);
    if (request.ok()) {
      client_.Read(*request, std::move(finish));
    } else {
      finish(request.status());
    }
  }
}

void SpannerPort::Commit(pipeline::SendCommit commit, CommitDoneFunction done) {
  spanner::CommitCall call;
  call.mutations = std::move(commit.mutations);
  call.transaction_tag = std::move(commit.tag);
  call.return_commit_stats = commit.return_commit_stats;
  Started();
  client_.Commit(std::move(call), [this, id = commit.id,
                                   done = std::move(done)](const spanner::CommitAnswer& answer) {
    done(ToEvent(id, answer));
    Finished();
  });
}

void SpannerPort::Run(pipeline::RunTransaction transaction, CommitDoneFunction done) {
  Started();
  auto shared = std::make_shared<pipeline::RunTransaction>(std::move(transaction));
  const pipeline::CallId id = shared->id;
  const bool queued = transactions_.TryPush([this, shared, done] {
    const spanner::CommitAnswer answer = client_.RunTransaction(
        [&](spanner::Client::Transaction& open) -> absl::StatusOr<std::string> {
          KS_ASSIGN_OR_RETURN(const auto rows, ReadRows(shared->reads, open));
          return shared->compute(rows);
        });
    done(ToEvent(shared->id, answer));
    Finished();
  });
  if (queued) return;
  done(ToEvent(id, {absl::UnavailableError("too many transactions are waiting"), 0, std::nullopt}));
  Finished();
}

void SpannerPort::RunTransactions() {
  while (true) {
    auto work = transactions_.Pop(std::chrono::seconds(1));
    if (work) {
      (*work)();
    } else if (transactions_.closed()) {
      return;
    }
  }
}

}  // namespace ks::runtime
