#include "local/spanner/txn/apply.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/index_entries.h"
#include "local/spanner/txn/rules/rules.h"

namespace ks::local {
namespace {

using rules::ChangedRows;
using sql::Datum;

// A mutation made ready once for all its rows.
struct Prepared {
  const Mutation* mutation;
  std::vector<bool> given;             // per column of the table: named by the mutation
  std::vector<std::string_view> keys;  // per row, encoded
  std::vector<Datum>
      key_parts;  // key values row after row, where some come from DEFAULT; else empty
  bool pending_key = false;
  int64_t count_create = 0;  // mutations, per row
  int64_t count_overwrite = 0;
};

class Applier {
 public:
  Applier(TransactionState& txn, const MutationList& list, ValueLife life)
      : txn_(txn), list_(list), copy_values_(life == ValueLife::kCopied) {}

  absl::Status Run() {
    prepared_.reserve(list_.mutations().size());
    CommitTimestamp now = txn_.core.oracle().Now();
    for (const Mutation& mutation : list_.mutations()) {
      KS_RETURN_IF_ERROR(rules::ValidateValues(mutation, now));
      KS_RETURN_IF_ERROR(Prepare(mutation));
    }
    KS_RETURN_IF_ERROR(ValidateDeletions());
    KS_RETURN_IF_ERROR(LockAll());
    for (const Prepared& p : prepared_) {
      KS_RETURN_IF_ERROR(p.mutation->op == MutationOp::kDelete ? Delete(*p.mutation) : Write(p));
    }
    const ChangedRows& changed = txn_.writes.changed();
    KS_RETURN_IF_ERROR(rules::ComputeGenerated(txn_, changed));
    KS_RETURN_IF_ERROR(rules::VerifyChecks(txn_, changed));
    KS_RETURN_IF_ERROR(rules::VerifyForeignKeys(txn_, changed));  // may delete more rows
    KS_RETURN_IF_ERROR(rules::VerifyIndexes(txn_, changed));
    return rules::CheckMutationCount(txn_.mutation_count);
  }

 private:
  // ---- Keys ----

  absl::Status Prepare(const Mutation& mutation) {
    Prepared p{&mutation, std::vector<bool>(mutation.table->columns.size()), {}, {}};
    for (int column : mutation.columns) p.given[column] = true;
    for (const KeyColumn& part : mutation.table->key) p.given[part.column] = true;
    p.count_create = rules::CountWrite(*mutation.table, mutation.columns, true);
    p.count_overwrite = rules::CountWrite(*mutation.table, mutation.columns, false);
    if (mutation.op != MutationOp::kDelete) KS_RETURN_IF_ERROR(EncodeKeys(p));
    prepared_.push_back(std::move(p));
    return absl::OkStatus();
  }

  absl::Status EncodeKeys(Prepared& p) {
    const Mutation& m = *p.mutation;
    const Table& table = *m.table;
    std::vector<int> source;  // per key part: place in the mutation's columns, or -1
    bool defaults = false;
    for (const KeyColumn& part : table.key) {
      auto at = std::find(m.columns.begin(), m.columns.end(), part.column);
      source.push_back(at == m.columns.end() ? -1 : static_cast<int>(at - m.columns.begin()));
      defaults |= at == m.columns.end();
    }
    p.keys.reserve(m.rows());
    std::string key;
    for (size_t r = 0; r < m.rows(); ++r) {
      const Datum* values = &m.values[r * m.columns.size()];
      key.clear();
      AppendKeySpace(table.space, &key);
      for (size_t i = 0; i < table.key.size(); ++i) {
        Datum value = Datum::Null();
        if (source[i] >= 0) {
          value = values[source[i]];
        } else {
          KS_ASSIGN_OR_RETURN(value, KeyDefault(table, table.key[i].column));
        }
        if (defaults) p.key_parts.push_back(value);
        if (table.shape.parts[i].type->Is(sql::TypeKind::kTimestamp) &&
            IsPendingCommitTimestamp(value)) {
          p.pending_key = true;
        }
        AppendKeyPart(table.shape.parts[i], value, &key);
      }
      KS_RETURN_IF_ERROR(rules::ValidateKeySize("table", table.name, table.shape, key));
      p.keys.push_back(txn_.writes.arena().Copy(key));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Datum> KeyDefault(const Table& table, int column) {
    const Column& c = table.columns[column];
    if (!c.has_default()) return errors::KeyColumnMissing(table.name, c.name);
    KS_ASSIGN_OR_RETURN(TableExpressions * expressions, txn_.Expressions(table));
    SchemaSequences sequences(txn_.core, *txn_.schema, true);
    return expressions->Default(column, ToSqlTimestamp(txn_.core.oracle().Now()), sequences,
                                txn_.writes.arena());
  }

  absl::Status ValidateDeletions() {
    std::vector<std::string_view> written;
    for (const Prepared& p : prepared_) {
      if (p.mutation->table->referenced_by.empty()) continue;
      written.insert(written.end(), p.keys.begin(), p.keys.end());
    }
    if (written.empty()) return absl::OkStatus();
    std::sort(written.begin(), written.end());
    for (const Prepared& p : prepared_) {
      if (p.mutation->op != MutationOp::kDelete) continue;
      KS_RETURN_IF_ERROR(rules::ValidateCascades(*p.mutation, written));
    }
    return absl::OkStatus();
  }

  // ---- Locks ----

  static LockMode ModeOf(const Mutation& mutation) {
    if (mutation.op != MutationOp::kUpdate) return LockMode::Exclusive(kAllColumns);
    LockMode mode{kExistenceBit, kImageBit};
    for (int column : mutation.columns) {
      if (!mutation.table->IsKey(column)) mode.exclusive |= ColumnBit(column);
    }
    // A generated column may depend on any of them.
    for (size_t c = 0; c < mutation.table->columns.size(); ++c) {
      if (mutation.table->columns[c].generated != GeneratedKind::kNone) {
        mode.exclusive |= ColumnBit(static_cast<int>(c));
      }
    }
    return mode;
  }

  absl::Status LockAll() {
    std::vector<LockRequest> locks;
    for (const Prepared& p : prepared_) {
      LockMode mode = ModeOf(*p.mutation);
      for (std::string_view key : p.keys) locks.push_back({key, {}, mode});
      if (p.mutation->op == MutationOp::kDelete) AddDeleteLocks(*p.mutation, mode, &locks);
    }
    std::sort(locks.begin(), locks.end(), [](const LockRequest& a, const LockRequest& b) {
      return a.key != b.key ? a.key < b.key : a.limit < b.limit;
    });
    return txn_.Lock(locks);
  }

  void AddDeleteLocks(const Mutation& m, LockMode mode, std::vector<LockRequest>* locks) {
    if (m.delete_all) whole_.push_back(SpaceSpan(m.table->space));
    if (m.delete_all) {
      std::string_view start = txn_.writes.arena().Copy(whole_.back().start);
      locks->push_back({start, txn_.writes.arena().Copy(whole_.back().limit), mode});
    }
    for (const KeySpan& span : m.spans) {
      if (span.start >= span.limit) continue;
      locks->push_back(IsPoint(span) ? LockRequest{span.start, {}, mode}
                                     : LockRequest{span.start, span.limit, mode});
    }
  }

  // ---- Rows ----

  absl::Status Write(const Prepared& p) {
    const Mutation& m = *p.mutation;
    for (size_t r = 0; r < p.keys.size(); ++r) {
      RowWrite& row = txn_.writes.FindOrAdd(*m.table, p.keys[r]);
      row.pending_key = p.pending_key;
      if (NeedsBase(p)) KS_RETURN_IF_ERROR(txn_.EnsureBase(row));
      KS_RETURN_IF_ERROR(WriteRow(p, r, row));
    }
    return absl::OkStatus();
  }

  // A write that names every column of a table without indexes, parents or references does not care
  // what was there.
  bool NeedsBase(const Prepared& p) const {
    const Mutation& m = *p.mutation;
    const Table& table = *m.table;
    if (m.op == MutationOp::kInsert || m.op == MutationOp::kUpdate) return true;
    if (!table.indexes.empty() || !table.children.empty() || !table.referenced_by.empty() ||
        table.watched) {
      return true;
    }
    for (size_t c = 0; c < table.columns.size(); ++c) {
      if (!p.given[c] && table.columns[c].generated == GeneratedKind::kNone) return true;
    }
    return false;
  }

  absl::Status WriteRow(const Prepared& p, size_t r, RowWrite& row) {
    const Mutation& m = *p.mutation;
    bool there = row.now != nullptr;
    switch (m.op) {
      case MutationOp::kInsert:
        if (there) return InsertError(row);
        return Create(p, r, row);
      case MutationOp::kUpdate:
        if (!there) return UpdateError(row);
        return Overwrite(p, r, row);
      case MutationOp::kInsertOrUpdate:
        return there ? Overwrite(p, r, row) : Create(p, r, row);
      case MutationOp::kReplace:
        if (there) KS_RETURN_IF_ERROR(rules::DeleteRow(txn_, row));
        return Create(p, r, row);
      case MutationOp::kDelete:
        break;
    }
    KS_CHECK(false && "no write");
  }

  absl::Status InsertError(const RowWrite& row) const {
    std::string key = FormatEncodedKey(row.table->shape, row.key);
    if (row.created_epoch == txn_.writes.epoch())
      return errors::RowCreatedTwice(row.table->name, key);
    return errors::RowExists(row.table->name, key);
  }

  absl::Status UpdateError(const RowWrite& row) const {
    std::string key = FormatEncodedKey(row.table->shape, row.key);
    if (row.deleted) return errors::RowDeletedThenUpdated(row.table->name, key);
    return errors::RowNotFound(row.table->name, key);
  }

  void SetGiven(const Prepared& p, size_t r, Datum* image) {
    const Mutation& m = *p.mutation;
    const Datum* values = &m.values[r * m.columns.size()];
    for (size_t i = 0; i < m.columns.size(); ++i) {
      image[m.columns[i]] = Own(m.table->columns[m.columns[i]].type, values[i]);
    }
  }

  // What a value points to must live as long as the transaction.
  Datum Own(sql::TypeRef type, const Datum& value) {
    return copy_values_ ? sql::DeepCopy(type, value, txn_.writes.arena()) : value;
  }

  absl::Status Create(const Prepared& p, size_t r, RowWrite& row) {
    const Table& table = *row.table;
    txn_.mutation_count += p.count_create;
    Datum* image = txn_.writes.NewImage(table);
    for (size_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].generated != GeneratedKind::kNone) image[c] = Datum::Null();
    }
    KS_RETURN_IF_ERROR(rules::FillDefaults(txn_, table, p.given, image));
    for (size_t i = 0; !p.key_parts.empty() && i < table.key.size(); ++i) {
      image[table.key[i].column] = p.key_parts[r * table.key.size() + i];
    }
    SetGiven(p, r, image);
    txn_.writes.Touch(row);
    row.now = image;
    row.written = true;
    row.created_epoch = txn_.writes.epoch();
    return rules::RequireParent(txn_, row);
  }

  absl::Status Overwrite(const Prepared& p, size_t r, RowWrite& row) {
    const Table& table = *row.table;
    txn_.mutation_count += p.count_overwrite;
    Datum* image = row.now;
    bool shared = row.now == row.base || row.epoch != txn_.writes.epoch();
    if (shared) {
      image = txn_.writes.NewImage(table);
      std::copy(row.now, row.now + table.columns.size(), image);
    }
    for (size_t c = 0; c < table.columns.size(); ++c) {
      // ON UPDATE: PENDING_COMMIT_TIMESTAMP() is the only expression that there is.
      const bool set = !p.given[c] && !table.columns[c].on_update_expression.empty();
      if (set) image[c] = PendingCommitTimestamp();
    }
    SetGiven(p, r, image);
    txn_.writes.Touch(row);
    row.now = image;
    row.written = true;
    return absl::OkStatus();
  }

  absl::Status Delete(const Mutation& m) {
    std::vector<KeySpan> spans = m.spans;
    if (m.delete_all) spans.push_back(SpaceSpan(m.table->space));
    for (const KeySpan& span : spans) {
      if (span.start >= span.limit) continue;
      ++txn_.mutation_count;
      if (IsPoint(span)) {
        KS_RETURN_IF_ERROR(DeleteKey(*m.table, span.start));
        continue;
      }
      std::vector<std::string> keys;
      KS_RETURN_IF_ERROR(txn_.LiveKeys(span, std::numeric_limits<size_t>::max(), &keys));
      for (const std::string& key : keys) KS_RETURN_IF_ERROR(DeleteKey(*m.table, key));
    }
    return absl::OkStatus();
  }

  absl::Status DeleteKey(const Table& table, std::string_view key) {
    return rules::DeleteRow(txn_, txn_.writes.FindOrAdd(table, key));
  }

  TransactionState& txn_;
  const MutationList& list_;
  const bool copy_values_;
  std::vector<Prepared> prepared_;
  std::vector<KeySpan> whole_;
};

}  // namespace

namespace rules {

absl::Status DeleteRow(TransactionState& txn, RowWrite& row) {
  const Table& table = *row.table;
  bool matters = !table.indexes.empty() || !table.children.empty() ||
                 !table.referenced_by.empty() || table.watched;
  if (matters) {
    KS_RETURN_IF_ERROR(txn.EnsureBase(row));
    if (row.now == nullptr) {
      row.deleted = true;
      return absl::OkStatus();
    }
    txn.mutation_count += CountDeletedRow(table);
    KS_RETURN_IF_ERROR(DeleteChildren(txn, row));
  }
  txn.writes.Touch(row);
  row.now = nullptr;
  row.written = true;
  row.deleted = true;
  return absl::OkStatus();
}

}  // namespace rules

absl::Status ApplyMutations(TransactionState& txn, const MutationList& mutations, ValueLife life) {
  if (mutations.schema() != txn.schema) return errors::AbortedBySchemaChange();
  int64_t count = txn.mutation_count;
  txn.writes.BeginEpoch();
  absl::Status status = Applier(txn, mutations, life).Run();
  if (!status.ok()) {
    txn.writes.UndoEpoch();
    txn.mutation_count = count;
  }
  return status;
}

}  // namespace ks::local
