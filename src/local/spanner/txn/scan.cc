#include "local/spanner/txn/scan.h"

#include <algorithm>
#include <optional>

#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/storage/row_blocks.h"
#include "local/spanner/storage/row_codec.h"
#include "local/spanner/txn/expressions.h"
#include "local/spanner/txn/index_entries.h"

namespace ks::local {
namespace {

using sql::Datum;

constexpr uint32_t kFirstBatchRows = 16;
constexpr uint32_t kBatchRows = 1024;
constexpr uint32_t kBlockRowsKept = 64;

// One row on its way out: stored bytes, or an image from the write set.
struct Found {
  std::string_view key;
  std::string_view value;
  const Datum* image = nullptr;
};

// The transaction's own rows that a scan would meet, in the scan's order: (key in the table or
// index, row). A row that is gone (or has no entry any more) hides what is stored and shows
// nothing.
class Overlay {
 public:
  Overlay(const WriteSet* writes, const ScanSpec& spec) : writes_(writes), spec_(spec) {
    if (writes == nullptr) return;
    KeySpan space = SpaceSpan(spec.table->space);
    for (auto it = writes->rows().lower_bound(space.start);
         it != writes->rows().end() && it->first < space.limit; ++it) {
      if (it->second->written) Add(*it->second);
    }
    std::sort(shown_.begin(), shown_.end());
  }

  bool empty() const { return !dirty_; }
  // Starts a span: the first own row in it, in the scan's direction.
  void Seek(const KeySpan& span) {
    const auto place = [this](const std::string& key) {
      return std::lower_bound(shown_.begin(), shown_.end(), key,
                              [](const auto& a, const std::string& b) { return a.first < b; }) -
             shown_.begin();
    };
    first_ = place(span.start);
    end_ = place(span.limit);
  }
  bool Valid() const { return first_ < end_; }
  std::string_view key() const { return Current().first; }
  const RowWrite* row() const { return Current().second; }
  void Next() { spec_.reverse ? --end_ : ++first_; }

  // True when the stored entry belongs to a row that this transaction has written.
  absl::StatusOr<bool> Hides(std::string_view key, sql::Arena& arena) const {
    if (!dirty_) return false;
    if (spec_.index == nullptr) return Written(key);
    Datum* parts = arena.AllocateArray<Datum>(spec_.index->full_key.size());
    KS_RETURN_IF_ERROR(DecodeKey(spec_.index->shape, key, arena, parts));
    std::string row_key;
    AppendRowKeyOfEntry(*spec_.index, *spec_.table, parts, &row_key);
    return Written(row_key);
  }

 private:
  void Add(const RowWrite& row) {
    dirty_ = true;
    if (row.now == nullptr) return;
    if (spec_.index == nullptr) {
      shown_.emplace_back(std::string(row.key), &row);
    } else if (HasEntry(*spec_.index, row.now)) {
      std::string key;
      AppendEntryKey(*spec_.index, row.now, &key);
      shown_.emplace_back(std::move(key), &row);
    }
  }
  bool Written(std::string_view key) const {
    const RowWrite* row = writes_->Find(key);
    return row != nullptr && row->written;
  }

  const std::pair<std::string, const RowWrite*>& Current() const {
    return shown_[spec_.reverse ? end_ - 1 : first_];
  }

  const WriteSet* writes_;
  const ScanSpec& spec_;
  std::vector<std::pair<std::string, const RowWrite*>> shown_;
  bool dirty_ = false;
  ptrdiff_t first_ = 0;  // what is left of the span in shown_: [first_, end_)
  ptrdiff_t end_ = 0;
};

// Where each wanted column comes from.
struct Layout {
  std::vector<int> from_key;                 // per wanted column: place in the key, or -1
  std::vector<int> slot;                     // otherwise: its place among the decoded ones
  std::vector<RowDecoder::Wanted> in_value;  // in the table's or the index's value
  std::vector<RowDecoder::Wanted> in_table;  // index scans: only in the table
  bool any_key = false;
};

Layout MakeLayout(const ScanSpec& spec) {
  Layout layout;
  const Table& table = *spec.table;
  for (size_t i = 0; i < spec.columns.size(); ++i) {
    int c = spec.columns[i];
    const Column& column = table.columns[c];
    int position = -1;
    if (spec.index == nullptr) {
      position = table.key_position[c];
    } else {
      for (size_t k = 0; k < spec.index->full_key.size(); ++k) {
        if (spec.index->full_key[k].column == c) position = static_cast<int>(k);
      }
    }
    layout.from_key.push_back(position);
    auto first = std::find(spec.columns.begin(), spec.columns.end(), c);
    layout.slot.push_back(static_cast<int>(first - spec.columns.begin()));
    if (position >= 0) {
      layout.any_key = true;
      continue;
    }
    if (layout.slot.back() != static_cast<int>(i)) continue;  // asked for twice
    RowDecoder::Wanted wanted{column.id, column.type, static_cast<int>(i)};
    bool here = spec.index == nullptr || spec.index->Covers(c);
    (here ? layout.in_value : layout.in_table).push_back(wanted);
  }
  return layout;
}

class Cursor final : public sql::RowCursor {
 public:
  Cursor(const ScanSource& source, const ScanSpec& spec)
      : source_(source),
        spec_(spec),
        shape_(spec.index == nullptr ? spec.table->shape : spec.index->shape),
        layout_(MakeLayout(spec_)),
        value_decoder_(layout_.in_value),
        table_decoder_(layout_.in_table),
        overlay_(source.writes, spec_),
        arena_(4 * 1024) {}

  absl::Status Next(sql::RowBatch* batch) override {
    arena_.Reset();
    block_in_use_ = false;
    uint32_t capacity = next_capacity_;
    next_capacity_ = std::min(kBatchRows, next_capacity_ * 4);
    if (spec_.limit > 0) {
      capacity = static_cast<uint32_t>(std::min<int64_t>(capacity, spec_.limit - given_));
    }
    columns_.assign(spec_.columns.size(), nullptr);
    for (Datum*& column : columns_) column = arena_.AllocateArray<Datum>(capacity);
    parts_ = arena_.AllocateArray<Datum>(shape_.parts.size());
    slots_ = arena_.AllocateArray<Datum>(spec_.columns.size());
    uint32_t rows = 0;
    while (rows < capacity) {
      KS_ASSIGN_OR_RETURN(bool more, Advance());
      if (!more) break;
      KS_RETURN_IF_ERROR(Emit(found_, rows));
      ++rows;
      Consume();
    }
    given_ += rows;
    batch->rows = rows;
    batch->columns.assign(columns_.begin(), columns_.end());
    return absl::OkStatus();
  }

 private:
  // Moves to the next row to show; false at the end, also at that of this batch.
  absl::StatusOr<bool> Advance() {
    while (true) {
      if (span_ == spec_.spans.size()) return false;
      if (!open_) {
        if (Span().start >= Span().limit) {
          ++span_;
          continue;
        }
        if (block_in_use_) return false;
        KS_RETURN_IF_ERROR(OpenSpan());
      }
      KS_ASSIGN_OR_RETURN(const bool known, FindStored());
      if (!known) return false;
      bool stored = StoredValid();
      if (!stored && !overlay_.Valid()) {
        open_ = false;
        ++span_;
        continue;
      }
      take_own_ = overlay_.Valid() && (!stored || (overlay_.key() < StoredKey()) != spec_.reverse);
      found_ = take_own_ ? Found{overlay_.key(), {}, overlay_.row()->now}
                         : Found{StoredKey(), StoredValue(), nullptr};
      return true;
    }
  }

  void Consume() {
    if (take_own_) {
      overlay_.Next();
    } else {
      SkipStored();
    }
  }

  // A single key is a Get, which is a good deal cheaper than an iterator.
  absl::Status OpenSpan() {
    const KeySpan& span = Span();
    if (spec_.index == nullptr && IsPoint(span)) {
      point_value_.clear();
      KS_ASSIGN_OR_RETURN(point_found_, source_.store->Get(span.start, source_.at, &point_value_));
      point_open_ = true;
    } else {
      stored_ =
          std::make_unique<RowBlocks>(RowScan{source_.store, span, source_.at, spec_.reverse});
      block_.Clear();
      block_row_ = 0;
      stored_end_ = false;
      point_open_ = false;
    }
    open_ = true;
    overlay_.Seek(span);
    return absl::OkStatus();
  }

  const KeySpan& Span() const {
    return spec_.spans[spec_.reverse ? spec_.spans.size() - 1 - span_ : span_];
  }
  bool StoredValid() const { return point_open_ ? point_found_ : block_row_ < block_.rows(); }
  std::string_view StoredKey() const {
    return point_open_ ? std::string_view(Span().start) : block_.key(block_row_);
  }
  std::string_view StoredValue() const {
    return point_open_ ? std::string_view(point_value_) : block_.value(block_row_);
  }
  void SkipStored() {
    if (point_open_) {
      point_found_ = false;
    } else {
      ++block_row_;
    }
  }

  // Goes to the next stored row that is shown, if there is one. False: this batch has to be read
  // first, for its rows lie in the block.
  absl::StatusOr<bool> FindStored() {
    while (true) {
      if (!point_open_ && block_row_ == block_.rows() && !stored_end_) {
        if (block_in_use_) return false;
        KS_RETURN_IF_ERROR(Refill());
      }
      if (!StoredValid() || overlay_.empty()) return true;
      KS_ASSIGN_OR_RETURN(const bool hidden, overlay_.Hides(StoredKey(), arena_));
      if (!hidden) return true;
      SkipStored();
    }
  }

  absl::Status Refill() {
    uint32_t wanted = next_block_rows_;
    next_block_rows_ = std::min(kBlockRows, next_block_rows_ * 4);
    if (spec_.limit > 0) {
      wanted = static_cast<uint32_t>(std::clamp<int64_t>(spec_.limit - given_, 1, wanted));
    }
    KS_RETURN_IF_ERROR(stored_->Next(wanted, &block_));
    block_row_ = 0;
    stored_end_ = block_.rows() == 0;
    return absl::OkStatus();
  }

  // Stored bytes for the time of the batch: where there are few, a copy, so that a batch can hold
  // rows of many small spans.
  std::string_view Keep(std::string_view bytes) {
    if (point_open_ || block_.rows() < kBlockRowsKept) return arena_.Copy(bytes);
    block_in_use_ = true;
    return bytes;
  }

  absl::Status Emit(const Found& found, uint32_t row) {
    if (found.image != nullptr) return EmitOwn(found.image, row);
    if (layout_.any_key || !layout_.in_table.empty()) {
      KS_RETURN_IF_ERROR(DecodeKey(shape_, Keep(found.key), arena_, parts_));
    }
    if (!layout_.in_value.empty()) {
      KS_RETURN_IF_ERROR(value_decoder_.Decode(Keep(found.value), arena_, slots_));
    }
    if (!layout_.in_table.empty()) KS_RETURN_IF_ERROR(LookUp());
    for (size_t i = 0; i < columns_.size(); ++i) {
      int position = layout_.from_key[i];
      columns_[i][row] = position >= 0 ? parts_[position] : slots_[layout_.slot[i]];
    }
    return absl::OkStatus();
  }

  absl::Status EmitOwn(const Datum* image, uint32_t row) {
    for (size_t i = 0; i < columns_.size(); ++i) {
      int c = spec_.columns[i];
      columns_[i][row] = image[c];
      if (spec_.table->columns[c].type->Is(sql::TypeKind::kTimestamp) &&
          IsPendingCommitTimestamp(image[c])) {
        return errors::PendingCommitTimestampRead(spec_.table->name);
      }
    }
    return absl::OkStatus();
  }

  // The columns that the index does not have, from the table.
  absl::Status LookUp() {
    row_key_.clear();
    AppendRowKeyOfEntry(*spec_.index, *spec_.table, parts_, &row_key_);
    row_value_.clear();
    KS_ASSIGN_OR_RETURN(bool there, source_.store->Get(row_key_, source_.at, &row_value_));
    if (!there) return absl::DataLossError("index entry without its row");
    return table_decoder_.Decode(arena_.Copy(row_value_), arena_, slots_);
  }

  const ScanSource source_;
  const ScanSpec spec_;
  const KeyShape& shape_;
  const Layout layout_;
  const RowDecoder value_decoder_;
  const RowDecoder table_decoder_;
  Overlay overlay_;
  sql::Arena arena_;

  size_t span_ = 0;    // how many are done
  bool open_ = false;  // Span() is being read
  std::unique_ptr<RowBlocks> stored_;
  RowBlock block_;
  uint32_t block_row_ = 0;     // the next of the block
  bool stored_end_ = false;    // the span has no more than the block
  bool block_in_use_ = false;  // rows of this batch lie in it
  uint32_t next_block_rows_ = kFirstBatchRows;
  bool point_open_ = false;
  bool point_found_ = false;
  std::string point_value_;
  bool take_own_ = false;
  Found found_;
  uint32_t next_capacity_ = kFirstBatchRows;
  int64_t given_ = 0;

  std::vector<Datum*> columns_;
  Datum* parts_ = nullptr;
  Datum* slots_ = nullptr;
  std::string row_key_;
  std::string row_value_;
};

// Adds generated columns that are not stored: reads whole rows below, computes, gives what was
// asked for.
class VirtualCursor final : public sql::RowCursor {
 public:
  VirtualCursor(const ScanSource& source, const ScanSpec& spec, std::vector<int> stored,
                std::unique_ptr<TableExpressions> expressions)
      : table_(*spec.table),
        wanted_(spec.columns),
        stored_(std::move(stored)),
        expressions_(std::move(expressions)),
        below_(source, WithColumns(spec, stored_)) {}

  absl::Status Next(sql::RowBatch* batch) override {
    arena_.Reset();
    sql::RowBatch rows;
    KS_RETURN_IF_ERROR(below_.Next(&rows));
    std::vector<Datum*> images(rows.rows);
    for (uint32_t r = 0; r < rows.rows; ++r) {
      images[r] = arena_.AllocateArray<Datum>(table_.columns.size());
      std::fill_n(images[r], table_.columns.size(), Datum::Null());
      for (size_t i = 0; i < stored_.size(); ++i) images[r][stored_[i]] = rows.columns[i][r];
    }
    if (rows.rows > 0) KS_RETURN_IF_ERROR(expressions_->ComputeGenerated(images, arena_));
    batch->rows = rows.rows;
    batch->columns.clear();
    for (int column : wanted_) {
      Datum* values = arena_.AllocateArray<Datum>(rows.rows);
      for (uint32_t r = 0; r < rows.rows; ++r) values[r] = images[r][column];
      batch->columns.push_back(values);
    }
    return absl::OkStatus();
  }

 private:
  static ScanSpec WithColumns(ScanSpec spec, const std::vector<int>& columns) {
    spec.columns = columns;
    return spec;
  }

  const Table& table_;
  const std::vector<int> wanted_;
  const std::vector<int> stored_;
  const std::unique_ptr<TableExpressions> expressions_;
  sql::Arena arena_;
  Cursor below_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<sql::RowCursor>> OpenCursor(const ScanSource& source,
                                                           const ScanSpec& spec) {
  bool computes = std::any_of(spec.columns.begin(), spec.columns.end(),
                              [&](int c) { return !spec.table->columns[c].stored(); });
  if (!computes) return std::make_unique<Cursor>(source, spec);
  std::vector<int> stored;
  for (size_t c = 0; c < spec.table->columns.size(); ++c) {
    if (spec.table->columns[c].stored()) stored.push_back(static_cast<int>(c));
  }
  KS_ASSIGN_OR_RETURN(auto expressions, TableExpressions::Compile(*source.schema, *spec.table));
  return std::make_unique<VirtualCursor>(source, spec, std::move(stored), std::move(expressions));
}

}  // namespace ks::local
