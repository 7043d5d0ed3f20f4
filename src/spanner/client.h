// Client: one Spanner database, as a pipeline and the commands use it.
//
// Commit takes the mutations as wire bytes (CommitRequest's field 4, repeated) and adds session and
// options around them without copying. It makes exactly one attempt: an unclear answer
// (UNAVAILABLE, DEADLINE_EXCEEDED, …) may have been applied, and only the sender's protocol can
// tell. Reads and queries are resumed and retried by the retry matrix (retry_stub.h). "Session not
// found" makes a new session; reads and queries then run again by themselves.
//
// Layers: client.h -> session.h, result_stream.h -> stub.h, wrapped in stub_factory.h.
// Thread safety: all methods may be called from any thread. Callbacks run on gRPC's threads and
// must not block; the
// ...Now() forms block and must not be called from a callback. Destroy the client after its last
// callback returned.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "env/clock.h"
#include "spanner/result_stream.h"
#include "spanner/session.h"
#include "spanner/stub.h"

namespace google::spanner::v1 {
class ExecuteSqlRequest;
class ReadRequest;
class ResultSet;
class TransactionOptions;
class TransactionSelector;
}  // namespace google::spanner::v1

namespace ks::spanner {

enum class Priority : uint8_t { kDefault, kLow, kMedium, kHigh };

struct ClientOptions {
  std::string database;  // projects/…/instances/…/databases/…
  std::string role;      // database role of the session; empty: none
  Priority priority = Priority::kDefault;
  std::shared_ptr<Cancellation> cancellation;  // of reads and queries; null: nobody's
  env::Clock* clock = &env::RealClock();
  env::Random* random = &env::RealRandom();
};

struct CommitCall {
  std::string mutations;        // wire bytes: CommitRequest.mutations, each with its tag
  std::string transaction_tag;  // at most 50 printable ASCII characters
  bool return_commit_stats = false;
  int max_commit_delay_ms = 0;  // 0: not set; at most 500
  int64_t timeout_ms = 0;       // 0: kCommitTimeoutMillis
};

struct CommitAnswer {
  absl::Status status;
  int64_t commit_timestamp_micros = 0;    // since the Unix epoch; when OK
  std::optional<int64_t> mutation_count;  // with return_commit_stats, where the server counts
};

using ResultPtr = std::shared_ptr<const google::spanner::v1::ResultSet>;
using ResultDone = std::function<void(absl::StatusOr<ResultPtr>)>;

class Client {
 public:
  Client(std::shared_ptr<Stub> stub, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;

  const std::string& database() const { return options_.database; }

  void Commit(CommitCall call, std::function<void(CommitAnswer)> done);

  // `request`'s session is filled in, and its transaction (a strong single-use read) where it has
  // none.
  void Read(const google::spanner::v1::ReadRequest& request, ResultDone done);
  void Query(const google::spanner::v1::ExecuteSqlRequest& request, ResultDone done);
  // As Query, but rows are handed on as they come.
  void QueryRows(const google::spanner::v1::ExecuteSqlRequest& request, RowConsumer consumer);

  absl::StatusOr<ResultPtr> ReadNow(const google::spanner::v1::ReadRequest& request);
  absl::StatusOr<ResultPtr> QueryNow(const google::spanner::v1::ExecuteSqlRequest& request);
  absl::StatusOr<ResultPtr> QueryNow(const std::string& sql);
  CommitAnswer CommitNow(CommitCall call);

  // A read-write transaction: `body` reads through the Transaction and returns the mutations (wire
  // bytes) to commit; its error rolls back. Run again from the start after ABORTED, with the delay
  // that Spanner asks for.
  class Transaction {
   public:
    absl::StatusOr<ResultPtr> Read(google::spanner::v1::ReadRequest request);
    absl::StatusOr<ResultPtr> Query(google::spanner::v1::ExecuteSqlRequest request);
    // DML; returns the number of rows changed.
    absl::StatusOr<int64_t> Execute(google::spanner::v1::ExecuteSqlRequest request);

   private:
    friend class Client;
    Transaction(Client& client, std::string session, std::string id)
        : client_(&client), session_(std::move(session)), id_(std::move(id)) {}
    absl::StatusOr<ResultPtr> Rows(Method method, std::string request);

    Client* client_;
    std::string session_;
    std::string id_;
    std::string
        precommit_token_;  // serialized MultiplexedSessionPrecommitToken with the highest number
    int32_t precommit_number_ = -1;
    int64_t dml_number_ = 0;
  };
  CommitAnswer RunTransaction(const std::function<absl::StatusOr<std::string>(Transaction&)>& body);

  // A transaction that a person steers: nothing is run again for them. End it by either of the two;
  // one that is only read needs no end.
  absl::StatusOr<Transaction> Begin(const google::spanner::v1::TransactionOptions& options);
  CommitAnswer Commit(Transaction& transaction) { return CommitTransaction(transaction, ""); }
  void Rollback(const Transaction& transaction);

 private:
  struct RowCall;
  CallOptions OptionsFor(const std::string& session) const;
  CallOptions RowOptionsFor(const std::string& session) const;
  std::string CommitHead(const std::string& session, const CommitCall& call) const;
  void RunRows(std::shared_ptr<RowCall> call);
  absl::StatusOr<std::string> SessionNow();
  CommitAnswer CommitTransaction(Transaction& transaction, std::string mutations);

  const std::shared_ptr<Stub> stub_;
  const ClientOptions options_;
  SessionHolder sessions_;
};

}  // namespace ks::spanner
