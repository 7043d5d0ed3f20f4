// RowSource: where a statement's rows come from, whichever kind of transaction it runs in.
//
// Thread safety: that of the transaction beneath. It must not outlive the transaction.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "local/spanner/txn/database.h"
#include "local/spanner/txn/sequences.h"
#include "sql/catalog.h"

namespace ks::local {

class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual const std::shared_ptr<const Schema>& schema() const = 0;
  virtual absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec& spec) = 0;
  // The statement asks for exclusive locks on all that it scans from here on. Nothing to do where
  // there are no locks.
  virtual void HoldScans() {}
  // Null where there is only a schema.
  virtual sql::SequenceSource* sequences() { return nullptr; }
  virtual DatabaseCore* core() { return nullptr; }
  virtual bool read_write() const { return false; }
};

class SnapshotSource : public RowSource {
 public:
  explicit SnapshotSource(const ReadOnlyTransaction& transaction)
      : transaction_(transaction), sequences_(transaction.core(), *transaction.schema(), false) {}
  sql::SequenceSource* sequences() override { return &sequences_; }
  DatabaseCore* core() override { return &transaction_.core(); }
  const std::shared_ptr<const Schema>& schema() const override { return transaction_.schema(); }
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec& spec) override {
    return transaction_.Scan(spec);
  }

 private:
  const ReadOnlyTransaction& transaction_;
  SchemaSequences sequences_;
};

class LockingSource : public RowSource {
 public:
  explicit LockingSource(ReadWriteTransaction& transaction)
      : transaction_(transaction), sequences_(transaction.core(), *transaction.schema(), true) {}
  sql::SequenceSource* sequences() override { return &sequences_; }
  DatabaseCore* core() override { return &transaction_.core(); }
  bool read_write() const override { return true; }
  const std::shared_ptr<const Schema>& schema() const override { return transaction_.schema(); }
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec& spec) override {
    if (!hold_) return transaction_.Scan(spec);
    ScanSpec held = spec;
    held.exclusive = held.hold = true;
    return transaction_.Scan(held);
  }
  void HoldScans() override { hold_ = true; }

 private:
  ReadWriteTransaction& transaction_;
  bool hold_ = false;
  SchemaSequences sequences_;
};

// Another source, and what is scanned through it.
class NotingSource : public RowSource {
 public:
  explicit NotingSource(RowSource& source) : source_(source) {}
  const std::shared_ptr<const Schema>& schema() const override { return source_.schema(); }
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Scan(const ScanSpec& spec) override {
    Note(spec);
    return source_.Scan(spec);
  }
  void HoldScans() override { source_.HoldScans(); }
  sql::SequenceSource* sequences() override { return source_.sequences(); }
  DatabaseCore* core() override { return source_.core(); }
  bool read_write() const override { return source_.read_write(); }

  // `T.a,I.b`: the tables and indexes, and their columns (Statistics::Sums::scanned).
  std::string Scanned() const;

 private:
  struct Noted {
    const Table* table;
    const Index* index;
    std::vector<int> columns;
  };
  void Note(const ScanSpec& spec);

  RowSource& source_;
  std::vector<Noted> scans_;
};

// `T.a,T.b`
std::string QualifiedColumns(std::string_view of, const Table& table,
                             absl::Span<const int> columns);

}  // namespace ks::local
