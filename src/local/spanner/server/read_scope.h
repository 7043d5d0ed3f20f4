// ReadScope: the transaction that a read or a statement runs in, from its TransactionSelector.
//
// Read-only transactions (single use or begun) are read without holding anything, from any number
// of calls at once. A read-write transaction is held (Transaction::mu) as long as the scope lives;
// so its rows are gathered first and sent after, and a slow client stops nobody. Thread safety:
// belongs to one call.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "local/spanner/query/row_source.h"
#include "local/spanner/server/sessions.h"
#include "local/spanner/server/transaction.h"

namespace google::spanner::v1 {
class Transaction;
class TransactionSelector;
}  // namespace google::spanner::v1

namespace ks::local {

class Call;

class ReadScope {
 public:
  struct Request {
    std::shared_ptr<Session> session;
    const google::spanner::v1::TransactionSelector& selector;
    // A resumed single-use read goes on at the timestamp it began with.
    std::optional<CommitTimestamp> resume_at;
  };
  static absl::StatusOr<std::unique_ptr<ReadScope>> Open(Call& call, const Request& request);
  ~ReadScope();

  Session& session() const { return *session_; }
  Database& database() const { return session_->database(); }
  // Null for single use.
  Transaction* transaction() const { return transaction_.get(); }
  bool read_only() const { return snapshot_ != nullptr; }
  // INVALID_ARGUMENT for a read that names replicas elsewhere than in a read-only transaction.
  absl::Status CheckDirected(bool directed);
  bool partitioned() const;
  bool single_use() const { return transaction_ == nullptr; }
  // Null when read_only() or partitioned().
  ReadWriteTransaction* read_write() const;
  // Rows at one moment, or under this transaction's locks. Not for partitioned().
  RowSource& source() { return *source_; }
  // For streams: the timestamp at which rows can be read again.
  std::optional<CommitTimestamp> resumable_at() const;

  // What ResultSetMetadata.transaction says; false when it says nothing.
  bool FillTransaction(google::spanner::v1::Transaction* out) const;
  // Serialized token, or empty.
  std::string PrecommitToken();
  // Notes ABORTED in the transaction; gives the status back.
  absl::Status Observe(absl::Status status);
  // The first statement of an inline begin failed: the transaction never was.
  void ForgetIfBegun();

 private:
  explicit ReadScope(Call& call) : call_(call) {}
  absl::Status Begin(TransactionSpec spec);
  absl::Status Attach();
  void Release();  // lets the next call of the transaction come

  Call& call_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<Transaction> transaction_;
  std::unique_ptr<CallGateLock> lock_;  // on a read-write transaction
  std::shared_ptr<ReadOnlyTransaction> snapshot_;
  std::unique_ptr<RowSource> source_;
  bool begun_ = false;
  bool return_read_timestamp_ = false;
};

}  // namespace ks::local
