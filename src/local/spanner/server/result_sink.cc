#include "local/spanner/server/result_sink.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "local/spanner/server/errors.h"
#include "local/spanner/server/limits.h"
#include "local/spanner/server/message_writer.h"
#include "local/spanner/server/value_codec.h"
#include "local/spanner/server/wire.h"

namespace ks::local {

namespace {

// google.spanner.v1.ResultSet
constexpr uint32_t kSetMetadata = 1, kSetRows = 2, kSetStats = 3, kSetPrecommit = 5;
// google.spanner.v1.PartialResultSet
constexpr uint32_t kMetadata = 1, kValues = 2, kChunked = 3, kResumeToken = 4, kStats = 5,
                   kPrecommit = 8, kLast = 9;
// google.protobuf.Value, ListValue
constexpr uint32_t kStringValue = 3, kListValue = 6, kListValues = 1;

void AppendPart(uint32_t field, const std::string& message, std::string* out) {
  if (!message.empty()) WriteBytes(field, message, out);
}

void AppendText(uint32_t field, std::string_view text, std::string* out) {
  WriteTag(field, WireType::kBytes, out);
  WriteVarint(1 + VarintSize(text.size()) + text.size(), out);
  WriteBytes(kStringValue, text, out);
}

void AppendList(uint32_t field, const std::string& list, std::string* out) {
  WriteTag(field, WireType::kBytes, out);
  WriteVarint(1 + VarintSize(list.size()) + list.size(), out);
  WriteBytes(kListValue, list, out);
}

// The longest prefix of at most `most` bytes that does not end inside a UTF-8 character.
std::string_view TextPrefix(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

// A guess of a value's size on the wire, to find those worth cutting.
size_t RoughSize(sql::TypeRef type, const sql::Datum& datum) {
  if (datum.null()) return 4;
  switch (type->kind()) {
    case sql::TypeKind::kString:
    case sql::TypeKind::kJson:
    case sql::TypeKind::kBytes:
    case sql::TypeKind::kProto:
      return datum.str().size();
    case sql::TypeKind::kArray: {
      size_t size = 0;
      for (const sql::Datum& element : datum.elements())
        size += 4 + RoughSize(type->element(), element);
      return size;
    }
    default:
      return 16;
  }
}

}  // namespace

// ---- Unary ----

absl::Status UnarySink::Begin(std::string metadata, std::vector<sql::TypeRef> types) {
  types_ = std::move(types);
  AppendPart(kSetMetadata, metadata, &out_);
  return absl::OkStatus();
}

absl::Status UnarySink::Rows(const sql::RowBatch& batch) {
  for (uint32_t r = 0; r < batch.rows; ++r) {
    row_.clear();
    for (size_t c = 0; c < types_.size(); ++c)
      AppendValue(kListValues, types_[c], batch.columns[c][r], &row_);
    WriteBytes(kSetRows, row_, &out_);
    if (out_.size() > static_cast<size_t>(limits::kUnaryResultBytes))
      return errors::ResultTooLarge(limits::kUnaryResultBytes);
  }
  return absl::OkStatus();
}

absl::Status UnarySink::End(const ResultTrailer& trailer) {
  AppendPart(kSetStats, trailer.stats, &out_);
  AppendPart(kSetPrecommit, trailer.precommit_token, &out_);
  return absl::OkStatus();
}

// ---- Resume tokens ----

std::string PrintResumeToken(const ResumePoint& point) {
  return absl::StrCat("ks1.", point.timestamp.value(), ".", point.rows, ".", point.request);
}

absl::StatusOr<ResumePoint> ParseResumeToken(std::string_view token) {
  const std::vector<std::string_view> parts = absl::StrSplit(token, '.');
  int64_t timestamp = 0;
  ResumePoint point;
  if (parts.size() != 4 || parts[0] != "ks1" || !absl::SimpleAtoi(parts[1], &timestamp) ||
      !absl::SimpleAtoi(parts[2], &point.rows) || !absl::SimpleAtoi(parts[3], &point.request)) {
    return errors::ResumeTokenInvalid();
  }
  point.timestamp = CommitTimestamp(timestamp);
  return point;
}

// ---- Streams ----

StreamSink::StreamSink(MessageWriter& writer, const Options& options)
    : writer_(writer),
      options_(options),
      message_bytes_(options.message_bytes == 0 ? limits::kPartialResultBytes
                                                : options.message_bytes) {}

absl::Status StreamSink::Begin(std::string metadata, std::vector<sql::TypeRef> types) {
  metadata_ = std::move(metadata);
  types_ = std::move(types);
  return absl::OkStatus();
}

absl::Status StreamSink::Rows(const sql::RowBatch& batch) {
  for (uint32_t r = 0; r < batch.rows; ++r) {
    if (rows_++ < options_.skip_rows) continue;
    for (size_t c = 0; c < types_.size(); ++c) {
      const sql::Datum& datum = batch.columns[c][r];
      if (RoughSize(types_[c], datum) > message_bytes_) {
        KS_RETURN_IF_ERROR(AppendValueInChunks(types_[c], datum));
      } else {
        AppendValue(kValues, types_[c], datum, &values_);
      }
    }
    if (values_.size() >= message_bytes_) KS_RETURN_IF_ERROR(Flush(Cut::kRow, nullptr));
  }
  return absl::OkStatus();
}

absl::Status StreamSink::AppendValueInChunks(sql::TypeRef type, const sql::Datum& datum) {
  if (!values_.empty()) {  // values before a chunked one go as they are; the row goes on in the
                           // next message
    KS_RETURN_IF_ERROR(Flush(Cut::kValue, nullptr));
  }
  if (type->is_array()) return AppendListInChunks(type, datum);
  std::string text;
  AppendValueText(type, datum, &text);
  return AppendTextInChunks(text);
}

absl::Status StreamSink::AppendTextInChunks(std::string_view text) {
  while (text.size() > message_bytes_) {
    const std::string_view piece = TextPrefix(text, message_bytes_);
    AppendText(kValues, piece, &values_);
    KS_RETURN_IF_ERROR(Flush(Cut::kInside, nullptr));
    text.remove_prefix(piece.size());
  }
  AppendText(kValues, text, &values_);
  return absl::OkStatus();
}

// The receiver joins the last element of one chunk with the first of the next where both are
// strings, or both lists. So after a string the next chunk begins with an empty string, after a
// list with an empty list.
absl::Status StreamSink::AppendListInChunks(sql::TypeRef type, const sql::Datum& datum) {
  const sql::TypeRef element_type = type->element();
  std::string list;
  for (const sql::Datum& element : datum.elements()) {
    AppendValue(kListValues, element_type, element, &list);
    if (list.size() < message_bytes_) continue;
    AppendList(kValues, list, &values_);
    KS_RETURN_IF_ERROR(Flush(Cut::kInside, nullptr));
    list.clear();
    if (IsText(element_type, element)) AppendText(kListValues, "", &list);
    if (element_type->is_struct() && !element.null()) AppendList(kListValues, "", &list);
  }
  AppendList(kValues, list, &values_);
  return absl::OkStatus();
}

absl::Status StreamSink::Flush(Cut cut, const ResultTrailer* trailer) {
  std::string message;
  message.reserve(values_.size() + metadata_.size() + 64);
  AppendPart(kMetadata, metadata_, &message);
  metadata_.clear();
  message += values_;
  values_.clear();
  if (cut == Cut::kInside) WriteBool(kChunked, true, &message);
  if (cut == Cut::kRow && options_.resumable_at.has_value()) {
    WriteBytes(kResumeToken, PrintResumeToken({*options_.resumable_at, rows_, options_.request}),
               &message);
  }
  if (trailer != nullptr) {
    AppendPart(kStats, trailer->stats, &message);
    AppendPart(kPrecommit, trailer->precommit_token, &message);
    WriteBool(kLast, true, &message);
  }
  return writer_.Write(std::move(message));
}

absl::Status StreamSink::SendNow() {
  return values_.empty() ? absl::OkStatus() : Flush(Cut::kRow, nullptr);
}

absl::Status StreamSink::End(const ResultTrailer& trailer) { return Flush(Cut::kRow, &trailer); }

}  // namespace ks::local
