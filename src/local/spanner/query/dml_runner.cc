#include "local/spanner/query/dml_runner.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/query/errors.h"
#include "local/spanner/query/table_adapter.h"
#include "local/spanner/schema/key_text.h"
#include "local/spanner/txn/expressions.h"

namespace ks::local {

namespace {

using sql::Datum;
using sql::DmlKind;
using sql::Value;

MutationOp OpOf(DmlKind kind) {
  switch (kind) {
    case DmlKind::kInsertOrUpdate:
      return MutationOp::kInsertOrUpdate;
    case DmlKind::kUpdate:
      return MutationOp::kUpdate;
    case DmlKind::kDelete:
      return MutationOp::kDelete;
    case DmlKind::kInsert:
    case DmlKind::kInsertOrIgnore:
      return MutationOp::kInsert;
  }
  return MutationOp::kInsert;
}

const char* ActionOf(DmlKind kind, bool existed) {
  if (kind == DmlKind::kDelete) return "DELETE";
  if (kind == DmlKind::kUpdate || existed) return "UPDATE";
  return "INSERT";
}

// One row to write: the columns that get a value, in the order of `columns`, and its key where it
// must be known.
struct WriteRow {
  std::vector<int> columns;
  std::vector<Datum> values;
  std::vector<Datum> key;
};

class Runner {
 public:
  Runner(ReadWriteTransaction& transaction, const Table& table, sql::DmlPlan& plan,
         const sql::ExecuteOptions& options)
      : transaction_(transaction),
        plan_(plan),
        options_(options),
        table_(table),
        sequences_(transaction.core(), *transaction.schema(), true) {}

  absl::StatusOr<DmlResult> Run() {
    for (const int column : plan_.columns()) {
      const Column& written = table_.columns[column];
      if (written.generated == GeneratedKind::kNone) continue;
      const bool update = plan_.kind() == DmlKind::kUpdate;
      return errors::ColumnNotWritable(update ? "UPDATE" : "INSERT", written.name);
    }
    KS_ASSIGN_OR_RETURN(changes_, plan_.Rows());
    return plan_.kind() == DmlKind::kDelete ? Delete() : Write();
  }

 private:
  // ---- DELETE ----
  absl::StatusOr<DmlResult> Delete() {
    MutationList list(transaction_.schema());
    KS_ASSIGN_OR_RETURN(Mutation * mutation, list.AddDelete(table_.name));
    DmlResult result;
    for (const sql::DmlRow& change : changes_) {
      KS_RETURN_IF_ERROR(list.DeleteKey(mutation, KeyOf(change.old_row)));
    }
    if (!changes_.empty()) KS_RETURN_IF_ERROR(transaction_.Apply(list));
    result.rows = static_cast<int64_t>(changes_.size());
    if (!plan_.returning()) return result;
    result.returning_columns = plan_.returning_columns();
    for (const sql::DmlRow& change : changes_) {
      KS_ASSIGN_OR_RETURN(auto row, plan_.Returned(change.old_row, "DELETE"));
      result.returning.push_back(std::move(row));
    }
    return result;
  }

  std::vector<Datum> KeyOf(const std::vector<Value>& row) const {
    std::vector<Datum> key;
    for (const KeyColumn& part : table_.key) key.push_back(row[part.column].datum());
    return key;
  }

  // ---- INSERT, UPDATE ----
  absl::StatusOr<DmlResult> Write() {
    MutationList list(transaction_.schema());
    std::vector<WriteRow> rows;
    std::set<std::string> seen;  // keys that this statement writes
    for (const sql::DmlRow& change : changes_) {
      KS_ASSIGN_OR_RETURN(WriteRow row, ToWrite(change));
      if (!row.key.empty() && !seen.emplace(EncodeKey(table_.shape, row.key)).second) {
        if (plan_.kind() == DmlKind::kInsertOrIgnore) continue;
        return WrittenTwice(row.key);
      }
      if (plan_.kind() == DmlKind::kInsertOrIgnore) {
        KS_ASSIGN_OR_RETURN(const bool exists, Exists(row.key));
        if (exists) continue;
      }
      rows.push_back(std::move(row));
    }
    KS_RETURN_IF_ERROR(AddAll(rows, list));
    std::vector<bool> existed(rows.size(), false);
    if (plan_.returning() && plan_.kind() == DmlKind::kInsertOrUpdate) {
      for (size_t i = 0; i < rows.size(); ++i) {
        KS_ASSIGN_OR_RETURN(existed[i], Exists(rows[i].key));
      }
    }
    if (!rows.empty()) KS_RETURN_IF_ERROR(transaction_.Apply(list));
    DmlResult result;
    result.rows = static_cast<int64_t>(rows.size());
    if (plan_.returning()) KS_RETURN_IF_ERROR(AddReturning(rows, existed, &result));
    return result;
  }

  absl::Status WrittenTwice(const std::vector<Datum>& key) const {
    const std::string text = FormatKey(table_.shape, key);
    if (plan_.kind() == DmlKind::kInsert) return errors::RowExists(table_.name, text);
    return errors::RowWrittenTwice(table_.name, text);
  }

  // Of one row alone the transaction's own rules say all there is to say.
  bool NeedsKey() const {
    if (plan_.kind() == DmlKind::kInsertOrIgnore || plan_.returning()) return true;
    if (plan_.kind() == DmlKind::kUpdate || changes_.size() == 1) return false;
    return std::none_of(table_.key.begin(), table_.key.end(), [this](const KeyColumn& part) {
      return table_.columns[part.column].generated != GeneratedKind::kNone;
    });
  }

  absl::StatusOr<WriteRow> ToWrite(const sql::DmlRow& change) {
    WriteRow row;
    if (plan_.kind() == DmlKind::kUpdate) {
      for (const KeyColumn& part : table_.key) {
        row.columns.push_back(part.column);
        row.values.push_back(change.old_row[part.column].datum());
      }
    }
    const std::vector<int>& columns = plan_.columns();
    for (size_t i = 0; i < columns.size(); ++i) {
      if (change.values[i].has_value()) {
        row.columns.push_back(columns[i]);
        row.values.push_back(change.values[i]->datum());
      } else if (plan_.kind() != DmlKind::kInsert || NeedsKey()) {
        KS_RETURN_IF_ERROR(AddDefault(columns[i], &row));
      }
    }
    if (NeedsKey()) KS_RETURN_IF_ERROR(FindKey(&row));
    return row;
  }

  absl::Status AddDefault(int column, WriteRow* row) {
    if (table_.columns[column].generated != GeneratedKind::kNone) return absl::OkStatus();
    Datum value = Datum::Null();
    if (table_.columns[column].has_default()) {
      if (expressions_ == nullptr) {
        KS_ASSIGN_OR_RETURN(expressions_,
                            TableExpressions::Compile(*transaction_.schema(), table_));
      }
      KS_ASSIGN_OR_RETURN(value, expressions_->Default(column, options_.now, sequences_, arena_));
    }
    row->columns.push_back(column);
    row->values.push_back(value);
    return absl::OkStatus();
  }

  // The row's key; key columns that were left out get their defaults now, so that the row can be
  // found again.
  absl::Status FindKey(WriteRow* row) {
    for (const KeyColumn& part : table_.key) {
      auto at = std::find(row->columns.begin(), row->columns.end(), part.column);
      if (at == row->columns.end()) {
        if (table_.columns[part.column].generated != GeneratedKind::kNone) {
          return errors::GeneratedKeyInDml(table_.name);
        }
        KS_RETURN_IF_ERROR(AddDefault(part.column, row));
        at = row->columns.end() - 1;
      }
      row->key.push_back(row->values[at - row->columns.begin()]);
    }
    return absl::OkStatus();
  }

  // Neighbours that write the same columns share a mutation.
  absl::Status AddAll(const std::vector<WriteRow>& rows, MutationList& list) {
    Mutation* mutation = nullptr;
    const std::vector<int>* columns = nullptr;
    for (const WriteRow& row : rows) {
      if (columns == nullptr || *columns != row.columns) {
        std::vector<std::string> names;
        for (const int column : row.columns) names.push_back(table_.columns[column].name);
        KS_ASSIGN_OR_RETURN(mutation, list.AddWrite(OpOf(plan_.kind()), table_.name, names));
        columns = &row.columns;
      }
      mutation->values.insert(mutation->values.end(), row.values.begin(), row.values.end());
    }
    return absl::OkStatus();
  }

  // ---- Reading rows by key ----
  absl::StatusOr<std::unique_ptr<sql::RowCursor>> Find(const std::vector<Datum>& key, bool all) {
    ScanSpec spec;
    spec.table = &table_;
    if (all) {
      for (int i = 0; i < static_cast<int>(table_.columns.size()); ++i) spec.columns.push_back(i);
    } else {
      for (const KeyColumn& part : table_.key) spec.columns.push_back(part.column);
    }
    spec.spans.push_back(PointSpan(EncodeKey(table_.shape, key)));
    spec.exclusive = true;
    return transaction_.Scan(spec);
  }

  absl::StatusOr<bool> Exists(const std::vector<Datum>& key) {
    KS_ASSIGN_OR_RETURN(auto cursor, Find(key, false));
    sql::RowBatch batch;
    KS_RETURN_IF_ERROR(cursor->Next(&batch));
    return batch.rows > 0;
  }

  absl::Status AddReturning(const std::vector<WriteRow>& rows, const std::vector<bool>& existed,
                            DmlResult* result) {
    result->returning_columns = plan_.returning_columns();
    for (size_t i = 0; i < rows.size(); ++i) {
      KS_ASSIGN_OR_RETURN(auto cursor, Find(rows[i].key, true));
      sql::RowBatch batch;
      KS_RETURN_IF_ERROR(cursor->Next(&batch));
      if (batch.rows == 0) return errors::ReturnedRowMissing(table_.name);
      std::vector<Value> row;
      for (size_t c = 0; c < table_.columns.size(); ++c) {
        row.emplace_back(table_.columns[c].type, batch.columns[c][0]);
      }
      KS_ASSIGN_OR_RETURN(auto returned, plan_.Returned(row, ActionOf(plan_.kind(), existed[i])));
      result->returning.push_back(std::move(returned));
    }
    return absl::OkStatus();
  }

  ReadWriteTransaction& transaction_;
  sql::DmlPlan& plan_;
  const sql::ExecuteOptions& options_;
  const Table& table_;
  std::vector<sql::DmlRow> changes_;
  SchemaSequences sequences_;
  std::unique_ptr<TableExpressions> expressions_;
  sql::Arena arena_;
};

}  // namespace

absl::StatusOr<DmlResult> RunDml(ReadWriteTransaction& transaction, const sql::ResolvedDml& dml,
                                 const sql::ExecuteOptions& options, bool wants_plan) {
  const auto* adapter = dynamic_cast<const TableAdapter*>(dml.table);
  if (adapter == nullptr) return errors::MetadataNotWritable(dml.table->name());
  SchemaSequences sequences(transaction.core(), *transaction.schema(), true);
  sql::ExecuteOptions with_sequences = options;
  with_sequences.sequences = &sequences;
  KS_ASSIGN_OR_RETURN(std::unique_ptr<sql::DmlPlan> plan, sql::DmlPlan::Make(dml, with_sequences));
  KS_ASSIGN_OR_RETURN(DmlResult result,
                      Runner(transaction, adapter->table(), *plan, with_sequences).Run());
  result.rows_scanned = plan->rows_scanned();
  result.memory_peak_bytes = plan->memory_peak_bytes();
  if (wants_plan) result.plan = plan->Explain();
  return result;
}

}  // namespace ks::local
