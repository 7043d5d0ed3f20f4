#include "sql/eval/operators/keyed_rows.h"

#include <cmath>

#include "base/status_macros.h"

namespace ks::sql {
namespace {

std::vector<TypeRef> KeyTypes(const Program* keys) {
  std::vector<TypeRef> types;
  for (size_t i = 0; keys != nullptr && i < keys->size(); ++i) types.push_back(keys->type(i));
  return types;
}

}  // namespace

bool Comparable(TypeRef type, const Datum& value) {
  if (value.null()) return false;
  return !type->is_floating() || !std::isnan(value.float64());
}

KeyedRows::KeyedRows(Environment* environment, std::vector<TypeRef> row_types, Program* keys,
                     bool nulls_equal)
    : environment_(environment),
      program_(keys),
      nulls_equal_(nulls_equal),
      types_(KeyTypes(keys)),
      rows_(environment, std::move(row_types)),
      keys_(environment, types_) {}

absl::Status KeyedRows::Fill(Operator& input) {
  rows_.Clear();
  keys_.Clear();
  index_.Clear();
  KS_RETURN_IF_ERROR(input.Open());
  Batch batch;
  Arena arena;
  std::vector<Column> keys(types_.size());
  while (true) {
    KS_RETURN_IF_ERROR(input.Next(&batch));
    if (batch.rows.empty()) return absl::OkStatus();
    KS_RETURN_IF_ERROR(rows_.Append(batch.rows, batch.columns.data()));
    if (program_ == nullptr) continue;
    arena.Reset();
    EvalContext context = environment_->MakeContext(arena);
    program_->Evaluate(context, batch.rows, batch.columns.data(), keys.data());
    if (context.failed()) return context.errors()[0].second;
    KS_RETURN_IF_ERROR(keys_.Append(batch.rows, keys.data()));
    for (uint32_t row : batch.rows) index_.Add(Hash(keys.data(), row));
  }
}

uint64_t KeyedRows::Hash(const Column* keys, uint32_t row) const {
  uint64_t hash = 0;
  for (size_t i = 0; i < types_.size(); ++i) {
    hash = CombineHash(hash, GroupingHash(types_[i], keys[i].at(row)));
  }
  return hash;
}

int32_t KeyedRows::First(const Column* keys, uint32_t row) const {
  if (program_ == nullptr) return rows() > 0 ? 0 : -1;
  for (size_t i = 0; i < types_.size(); ++i) {
    if (!nulls_equal_ && !Comparable(types_[i], keys[i].at(row))) return -1;
  }
  return SkipToEqual(index_.First(Hash(keys, row)), keys, row);
}

int32_t KeyedRows::Next(int32_t found, const Column* keys, uint32_t row) const {
  if (program_ == nullptr) return found + 1 < static_cast<int32_t>(rows()) ? found + 1 : -1;
  return SkipToEqual(index_.Next(found), keys, row);
}

int32_t KeyedRows::SkipToEqual(int32_t found, const Column* keys, uint32_t row) const {
  const auto equal = [&] {
    for (size_t i = 0; i < types_.size(); ++i) {
      const Datum& value = keys_.at(i, static_cast<uint32_t>(found));
      if (value.null() && !nulls_equal_) return false;
      if (!GroupingEquals(types_[i], value, keys[i].at(row))) return false;
    }
    return true;
  };
  while (found >= 0 && !equal()) found = index_.Next(found);
  return found;
}

}  // namespace ks::sql
