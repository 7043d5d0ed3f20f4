// CloudEvents 1.0 in Kafka messages: https://github.com/cloudevents/spec,
// kafka-protocol-binding.md. Structured: the message is a JSON object with the attributes and
// `data`. Binary: each attribute is a header `ce_NAME`, the message is the data.
#include <algorithm>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/decoder.h"
#include "formats/errors.h"
#include "formats/json_text.h"
#include "formats/json_walker.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::Type;
using sql::TypeKind;

constexpr std::string_view kPrefix = "ce_";
constexpr std::string_view kStructured = "application/cloudevents+json";

class CloudEventsDecoder : public Decoder {
 public:
  CloudEventsDecoder(Schema schema, std::unique_ptr<Decoder> envelope,
                     std::unique_ptr<Decoder> data)
      : schema_(std::move(schema)), envelope_(std::move(envelope)), data_(std::move(data)) {
    for (size_t i = 0; i < schema_.size(); ++i) {
      (schema_[i].name.starts_with(kPrefix) ? attributes_ : fields_).push_back(i);
    }
    whole_ = data_ == nullptr;
  }

  const Schema& schema() const override { return schema_; }

  void Decode(const Messages& messages, sql::Arena& arena, absl::Span<Datum* const> columns,
              DecodeResult* result) override {
    structured_.clear();
    with_data_.clear();
    bodies_.assign(messages.bytes.size(), {});
    errors_.clear();
    for (const uint32_t row : messages.rows) Sort(messages, row, arena, columns);
    DecodeStructured(messages, arena, columns);
    DecodeData(arena, columns);
    std::sort(errors_.begin(), errors_.end(),
              [](const RecordError& a, const RecordError& b) { return a.row < b.row; });
    for (RecordError& error : errors_) {
      SetNull(columns, error.row);
      result->errors.push_back(std::move(error));
    }
  }

 private:
  // A message is structured, binary (its attributes are decoded here), or an error.
  void Sort(const Messages& messages, uint32_t row, sql::Arena& arena,
            absl::Span<Datum* const> columns) {
    headers_.clear();
    if (messages.headers != nullptr) messages.headers->Read(row, &headers_);
    const std::string_view body = messages.bytes[row];
    std::string_view content_type;
    bool binary = false;
    for (const Header& header : headers_) {
      if (header.name == "content-type") content_type = header.value;
      binary = binary || header.name == "ce_specversion";
    }
    if (content_type.starts_with(kStructured)) {
      structured_.push_back(row);
    } else if (!binary) {
      errors_.push_back({row, ErrorKind::kMalformed, NoCloudEvent()});
    } else if (DecodeHeaders(row, arena, columns)) {
      bodies_[row] = body;
      with_data_.push_back(row);
    }
  }

  bool DecodeHeaders(uint32_t row, sql::Arena& arena, absl::Span<Datum* const> columns) {
    for (const size_t index : attributes_) {
      const Field& field = schema_[index];
      Datum* const out = &columns[index][row];
      *out = Datum::Null();
      for (const Header& header : headers_) {
        const bool content_type =
            field.name == "ce_datacontenttype" && header.name == "content-type";
        if ((header.name != field.name && !content_type) || header.value.data() == nullptr)
          continue;
        if (IsValidUtf8(header.value) &&
            ParseText(field.type, header.value, arena, out) == Parsed::kOk)
          continue;
        errors_.push_back(
            {row, ErrorKind::kWrongType, WrongHeader(header.name, field.type, header.value)});
        return false;
      }
      if (!out->null() || !field.not_null) continue;
      errors_.push_back({row, ErrorKind::kMissingField, MissingField(field.name)});
      return false;
    }
    return true;
  }

  void DecodeStructured(const Messages& messages, sql::Arena& arena,
                        absl::Span<Datum* const> columns) {
    if (structured_.empty()) return;
    std::vector<Datum*> outputs;
    for (const size_t index : attributes_) outputs.push_back(columns[index]);
    Datum* const data = arena.AllocateArray<Datum>(messages.bytes.size());
    Datum* const base64 = arena.AllocateArray<Datum>(messages.bytes.size());
    outputs.push_back(data);
    outputs.push_back(base64);
    inner_.Clear();
    envelope_->Decode({messages.bytes, structured_}, arena, outputs, &inner_);
    size_t next_error = 0;
    for (const uint32_t row : structured_) {
      if (next_error < inner_.errors.size() && inner_.errors[next_error].row == row) {
        errors_.push_back(std::move(inner_.errors[next_error++]));
        continue;
      }
      const Datum& body = data[row].null() ? base64[row] : data[row];
      if (!body.null()) bodies_[row] = body.str();
      with_data_.push_back(row);
    }
  }

  void DecodeData(sql::Arena& arena, absl::Span<Datum* const> columns) {
    if (fields_.empty()) return;
    std::sort(with_data_.begin(), with_data_.end());
    std::vector<Datum*> outputs;
    for (const size_t index : fields_) outputs.push_back(columns[index]);
    inner_.Clear();
    if (whole_) {
      DecodeWhole(arena, outputs[0]);
    } else {
      data_->Decode({bodies_, with_data_}, arena, outputs, &inner_);
    }
    for (RecordError& error : inner_.errors) {
      error.message = InPart("data", error.message);
      errors_.push_back(std::move(error));
    }
  }

  // All of the data as one JSON value.
  void DecodeWhole(sql::Arena& arena, Datum* column) {
    const Field& field = schema_[fields_[0]];
    for (const uint32_t row : with_data_) {
      const std::string_view body = bodies_[row];
      column[row] = Datum::Null();
      if (body.data() == nullptr || body == "null") {
        if (field.not_null)
          inner_.errors.push_back({row, ErrorKind::kMissingField, NullField(field.name)});
      } else if (!IsValidUtf8(body) || FromText({MeaningKind::kJson}, body, field.type, arena,
                                                &column[row]) != Parsed::kOk) {
        column[row] = Datum::Null();
        inner_.errors.push_back({row, ErrorKind::kMalformed, MalformedJson(0, "a JSON value")});
      }
    }
  }

  const Schema schema_;
  const std::unique_ptr<Decoder> envelope_;
  const std::unique_ptr<Decoder> data_;  // null: the data are one JSON value, or nobody wants them
  std::vector<size_t> attributes_;       // of schema_
  std::vector<size_t> fields_;
  bool whole_ = false;

  std::vector<uint32_t> structured_;
  std::vector<uint32_t> with_data_;
  std::vector<std::string_view> bodies_;  // the data, by row
  std::vector<Header> headers_;
  std::vector<RecordError> errors_;
  DecodeResult inner_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Decoder>> MakeCloudEventsDecoder(Schema schema) {
  Schema envelope;
  Schema data;
  for (const Field& field : schema) {
    const bool attribute = field.name.starts_with(kPrefix);
    (attribute ? envelope : data).push_back(field);
    if (attribute) envelope.back().name.erase(0, kPrefix.size());
  }
  envelope.push_back({"data", Type::Json()});
  envelope.push_back({"data_base64", Type::Bytes()});
  KS_ASSIGN_OR_RETURN(JsonNode root, CompileJsonSchema(envelope));
  root.children[envelope.size() - 2].raw = true;
  std::unique_ptr<Decoder> fields;
  const bool whole =
      data.size() == 1 && data[0].name == "data" && data[0].type->Is(TypeKind::kJson);
  if (!data.empty() && !whole) {
    KS_ASSIGN_OR_RETURN(fields, MakeJsonDecoder(std::move(data)));
  }
  auto decoder = MakeJsonDecoder(std::move(envelope), std::move(root));
  return std::make_unique<CloudEventsDecoder>(std::move(schema), std::move(decoder),
                                              std::move(fields));
}

}  // namespace ks::formats
