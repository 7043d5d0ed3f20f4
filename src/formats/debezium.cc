// Change events of Debezium's connectors:
// https://debezium.io/documentation/reference/stable/connectors/postgresql.html, "Data change
// events"; the envelope is the same for every connector.
#include <algorithm>

#include "base/status_macros.h"
#include "formats/connect_json.h"
#include "formats/decoder.h"
#include "formats/errors.h"
#include "formats/json_text.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::Type;
using sql::TypeRef;

// The envelope, and where its parts stand in what it is decoded to.
enum Part : size_t { kOp, kAfter, kBefore, kSource, kPartCount };

// Debezium's placeholder for what the database did not give it, since it did not change (TOAST).
constexpr std::string_view kLeftOut = "__debezium_unavailable_value";

bool IsLeftOut(TypeRef type, const Datum& value) {
  return (type->Is(sql::TypeKind::kString) || type->Is(sql::TypeKind::kBytes)) && !value.null() &&
         value.str() == kLeftOut;
}

class DebeziumDecoder : public Decoder {
 public:
  DebeziumDecoder(Schema schema, std::unique_ptr<Decoder> envelope, std::unique_ptr<Decoder> times)
      : schema_(std::move(schema)), envelope_(std::move(envelope)), times_(std::move(times)) {
    for (size_t i = 0; i < schema_.size(); ++i) {
      const std::string& name = schema_[i].name;
      if (name == kDebeziumOp) {
        op_ = static_cast<int>(i);
      } else if (name == kDebeziumBefore) {
        before_ = static_cast<int>(i);
      } else if (name == kDebeziumSource) {
        source_ = static_cast<int>(i);
      } else if (name == kDebeziumTime) {
        time_ = static_cast<int>(i);
      } else {
        fields_.push_back(i);
      }
    }
  }

  const Schema& schema() const override { return schema_; }

  void Decode(const Messages& messages, sql::Arena& arena, absl::Span<Datum* const> columns,
              DecodeResult* result) override {
    const size_t count = messages.bytes.size();
    std::vector<Datum*> parts(kPartCount);
    for (Datum*& part : parts) part = arena.AllocateArray<Datum>(count);
    present_.clear();
    for (const uint32_t row : messages.rows) {
      if (messages.bytes[row].data() != nullptr) present_.push_back(row);
    }
    inner_.Clear();
    envelope_->Decode({messages.bytes, present_}, arena, parts, &inner_);
    rows_.clear();
    auto error = inner_.errors.begin();
    for (const uint32_t row : messages.rows) {
      if (messages.bytes[row].data() == nullptr) {
        DecodeAbsent(row, columns, result);
      } else if (error != inner_.errors.end() && error->row == row) {
        SetNull(columns, row);
        result->errors.push_back(std::move(*error++));
      } else {
        Spread(row, parts, columns, result);
      }
    }
    if (time_ >= 0) DecodeTimes(count, parts[kSource], arena, columns);
  }

 private:
  // What the operation says about the row, and its columns.
  void Spread(uint32_t row, const std::vector<Datum*>& parts, absl::Span<Datum* const> columns,
              DecodeResult* result) {
    const Datum& op = parts[kOp][row];
    const std::string_view code = op.null() ? std::string_view() : op.str();
    const bool deleted = std::binary_search(inner_.deletes.begin(), inner_.deletes.end(), row);
    if (!deleted && (code == "c" || code == "u" || code == "r")) {
      return SpreadRow(row, parts, columns, result);
    }
    SetNull(columns, row);
    if (deleted || code == "d") {
      if (!deleted && before_ >= 0)
        columns[static_cast<size_t>(before_)][row] = parts[kBefore][row];
      if (!deleted && op_ >= 0) columns[static_cast<size_t>(op_)][row] = op;
      result->deletes.push_back(row);
    } else if (code == "m") {
      result->ignored.push_back(row);
    } else {
      result->errors.push_back(
          {row, ErrorKind::kMalformed, code == "t" ? SourceTruncated() : NoChangeEvent(code)});
    }
  }

  void SpreadRow(uint32_t row, const std::vector<Datum*>& parts, absl::Span<Datum* const> columns,
                 DecodeResult* result) {
    const Datum& after = parts[kAfter][row];
    if (after.null()) {
      SetNull(columns, row);
      result->errors.push_back({row, ErrorKind::kMissingField, MissingField("after")});
      return;
    }
    for (size_t i = 0; i < fields_.size(); ++i) {
      const Field& field = schema_[fields_[i]];
      const Datum& value = after.elements()[i];
      std::string refusal;
      if (value.null() && field.not_null) refusal = NullField(field.name);
      if (IsLeftOut(field.type, value)) refusal = LeftOut(field.name);
      if (!refusal.empty()) {
        SetNull(columns, row);
        result->errors.push_back({row, ErrorKind::kMissingField, std::move(refusal)});
        return;
      }
      columns[fields_[i]][row] = value;
    }
    if (op_ >= 0) columns[static_cast<size_t>(op_)][row] = parts[kOp][row];
    if (source_ >= 0) columns[static_cast<size_t>(source_)][row] = parts[kSource][row];
    if (before_ >= 0) columns[static_cast<size_t>(before_)][row] = parts[kBefore][row];
    rows_.push_back(row);
  }

  // When the change was made: the finest of what the connector gives.
  void DecodeTimes(size_t count, const Datum* sources, sql::Arena& arena,
                   absl::Span<Datum* const> columns) {
    std::vector<std::string_view> texts(count);
    for (const uint32_t row : rows_) {
      if (!sources[row].null()) texts[row] = sources[row].str();
    }
    Datum* times[3];
    for (Datum*& each : times) each = arena.AllocateArray<Datum>(count);
    DecodeResult unused;
    times_->Decode({texts, rows_}, arena, times, &unused);
    for (const uint32_t row : rows_) {
      Datum* const out = &columns[static_cast<size_t>(time_)][row];
      *out = Datum::Null();
      for (const Datum* each : times) {
        if (out->null()) *out = each[row];
      }
    }
  }

  const Schema schema_;
  const std::unique_ptr<Decoder> envelope_;
  const std::unique_ptr<Decoder> times_;
  std::vector<size_t> fields_;  // of schema_: the row's own, in the order of `after`
  int op_ = -1;                 // of schema_; -1: nobody wants it
  int before_ = -1;
  int source_ = -1;
  int time_ = -1;
  std::vector<uint32_t> present_;
  std::vector<uint32_t> rows_;  // that have columns
  DecodeResult inner_;
};

// A decoder of the times in `source`.
absl::StatusOr<std::unique_ptr<Decoder>> MakeTimesDecoder() {
  Schema schema = {
      {"ts_ns", Type::Timestamp()}, {"ts_us", Type::Timestamp()}, {"ts_ms", Type::Timestamp()}};
  KS_ASSIGN_OR_RETURN(JsonNode root, CompileJsonSchema(schema));
  root.children[0].meaning = {MeaningKind::kTimestampNanos};
  root.children[1].meaning = {MeaningKind::kTimestampMicros};
  root.children[2].meaning = {MeaningKind::kTimestampMillis};
  return MakeJsonDecoder(std::move(schema), std::move(root));
}

}  // namespace

Schema DebeziumColumns(const Schema& fields) {
  std::vector<sql::StructField> row;
  for (const Field& field : fields) row.push_back({field.name, field.type});
  return {{std::string(kDebeziumOp), Type::String()},
          {std::string(kDebeziumBefore), Type::Struct(std::move(row))},
          {std::string(kDebeziumSource), Type::Json()},
          {std::string(kDebeziumTime), Type::Timestamp()}};
}

Schema DebeziumEnvelope(const Schema& schema) {
  std::vector<sql::StructField> row;
  TypeRef before = Type::Json();
  for (const Field& field : schema) {
    if (field.name == kDebeziumBefore) before = field.type;
    if (!field.name.starts_with("_")) row.push_back({field.name, field.type});
  }
  return {{"op", Type::String()},
          {"after", Type::Struct(std::move(row))},
          {"before", before},
          {"source", Type::Json()}};
}

absl::StatusOr<std::unique_ptr<Decoder>> MakeDebeziumDecoder(Schema schema, Unfit unfit) {
  Schema envelope = DebeziumEnvelope(schema);
  KS_ASSIGN_OR_RETURN(JsonNode root, CompileJsonSchema(envelope));
  const auto wanted = [&](std::string_view name) {
    return std::any_of(schema.begin(), schema.end(),
                       [name](const Field& field) { return field.name == name; });
  };
  size_t next = 0;
  for (const Field& field : schema) {
    if (field.name.starts_with("_")) continue;
    JsonNode& node = root.children[kAfter].children[next++];
    node.path = field.name;
    node.not_null = field.not_null;
  }
  root.children[kBefore].raw = !wanted(kDebeziumBefore);
  root.children[kSource].raw = !wanted(kDebeziumSource);
  KS_ASSIGN_OR_RETURN(auto decoder,
                      MakeConnectJsonDecoder(std::move(envelope), std::move(root), unfit));
  return MakeDebeziumDecoder(std::move(schema), std::move(decoder));
}

absl::StatusOr<std::unique_ptr<Decoder>> MakeDebeziumDecoder(Schema schema,
                                                             std::unique_ptr<Decoder> envelope) {
  KS_ASSIGN_OR_RETURN(auto times, MakeTimesDecoder());
  return std::make_unique<DebeziumDecoder>(std::move(schema), std::move(envelope),
                                           std::move(times));
}

absl::StatusOr<std::unique_ptr<Decoder>> MakeDebeziumKeyDecoder(Schema schema, Unfit unfit) {
  KS_ASSIGN_OR_RETURN(JsonNode root, CompileJsonSchema(schema));
  return MakeConnectJsonDecoder(std::move(schema), std::move(root), unfit);
}

}  // namespace ks::formats
