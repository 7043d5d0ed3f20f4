#include "local/spanner/server/mutation_decode.h"

#include "base/status_macros.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/key_set.h"
#include "local/spanner/server/value_codec.h"
#include "local/spanner/server/wire.h"

namespace ks::local {

namespace {

// google.spanner.v1.Mutation
constexpr uint32_t kInsert = 1, kUpdate = 2, kInsertOrUpdate = 3, kReplace = 4, kDelete = 5,
                   kSend = 6, kAck = 7;
// Mutation.Write and Mutation.Delete
constexpr uint32_t kTable = 1, kColumns = 2, kValues = 3, kKeySet = 2;

class DeleteVisitor : public KeySetVisitor {
 public:
  DeleteVisitor(MutationList& list, Mutation* mutation) : list_(list), mutation_(mutation) {}
  absl::Status OnAll() override {
    mutation_->delete_all = true;
    return absl::OkStatus();
  }
  absl::Status OnKey(absl::Span<const sql::Datum> key) override {
    return list_.DeleteKey(mutation_, key);
  }
  absl::Status OnRange(const KeyBounds& bounds) override {
    return list_.DeleteRange(mutation_, bounds);
  }

 private:
  MutationList& list_;
  Mutation* const mutation_;
};

}  // namespace

absl::Status MutationDecoder::Add(std::string_view wire) {
  WireReader reader(wire);
  WireField field, operation;
  while (reader.Next(&field)) {
    if (field.number >= kInsert && field.number <= kAck && field.type == WireType::kBytes)
      operation = field;
  }
  if (!reader.ok()) return errors::MalformedRequest("google.spanner.v1.Mutation");
  switch (operation.number) {
    case kInsert:
      return AddWrite(MutationOp::kInsert, operation.bytes);
    case kUpdate:
      return AddWrite(MutationOp::kUpdate, operation.bytes);
    case kInsertOrUpdate:
      return AddWrite(MutationOp::kInsertOrUpdate, operation.bytes);
    case kReplace:
      return AddWrite(MutationOp::kReplace, operation.bytes);
    case kDelete:
      return AddDelete(operation.bytes);
    case kSend:
    case kAck:
      return absl::UnimplementedError("Queues are not supported by the local Spanner.");
    default:
      return errors::MissingField("Mutation.operation");
  }
}

absl::Status MutationDecoder::AddWrite(MutationOp op, std::string_view wire) {
  std::string_view table;
  new_columns_.clear();
  rows_.clear();
  WireReader reader(wire);
  WireField field;
  while (reader.Next(&field)) {
    if (field.type != WireType::kBytes) continue;
    if (field.number == kTable) table = field.bytes;
    if (field.number == kColumns) new_columns_.push_back(field.bytes);
    if (field.number == kValues) rows_.push_back(field.bytes);
  }
  if (!reader.ok()) return errors::MalformedRequest("google.spanner.v1.Mutation.Write");
  if (current_ == nullptr || op != op_ || table != table_ || new_columns_ != columns_) {
    const std::vector<std::string> names(new_columns_.begin(), new_columns_.end());
    KS_ASSIGN_OR_RETURN(current_, list_.AddWrite(op, table, names));
    op_ = op;
    table_ = table;
    columns_ = new_columns_;
  }
  if (rows_.size() > 1)
    current_->values.reserve(current_->values.size() + rows_.size() * columns_.size());
  for (const std::string_view row : rows_) KS_RETURN_IF_ERROR(AddRow(row));
  return absl::OkStatus();
}

absl::Status MutationDecoder::AddRow(std::string_view list_value) {
  const Table& table = *current_->table;
  const std::vector<int>& columns = current_->columns;
  std::vector<sql::Datum>& values = current_->values;
  const size_t before = values.size();
  values.resize(before + columns.size());
  WireReader reader(list_value);
  WireField field;
  size_t found = 0;
  while (reader.Next(&field)) {
    if (field.number != 1 || ++found > columns.size()) continue;
    KS_RETURN_IF_ERROR(DecodeValue(table.columns[columns[found - 1]].type, field.bytes,
                                   CommitTimestamps::kAllow, list_.arena(),
                                   &values[before + found - 1]));
  }
  if (!reader.ok()) return errors::MalformedRequest("google.protobuf.ListValue");
  if (found != columns.size()) return errors::MutationColumnCount(columns.size(), found);
  return absl::OkStatus();
}

absl::Status MutationDecoder::AddDelete(std::string_view wire) {
  std::string_view table, key_set;
  WireReader reader(wire);
  WireField field;
  while (reader.Next(&field)) {
    if (field.type != WireType::kBytes) continue;
    if (field.number == kTable) table = field.bytes;
    if (field.number == kKeySet) key_set = field.bytes;
  }
  if (!reader.ok()) return errors::MalformedRequest("google.spanner.v1.Mutation.Delete");
  current_ = nullptr;
  KS_ASSIGN_OR_RETURN(Mutation * added, list_.AddDelete(table));
  DeleteVisitor visitor(list_, added);
  return VisitKeySet(key_set, {added->table->name, added->table->shape.parts}, list_.arena(),
                     visitor);
}

}  // namespace ks::local
