#include "formats/connect_json.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/json_text.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

using nlohmann::json;
using sql::Datum;
using sql::Type;

const std::map<std::string_view, MeaningKind> kMeanings = {
    {"org.apache.kafka.connect.data.Decimal", MeaningKind::kDecimal},
    {"org.apache.kafka.connect.data.Date", MeaningKind::kDate},
    {"org.apache.kafka.connect.data.Time", MeaningKind::kTimeMillis},
    {"org.apache.kafka.connect.data.Timestamp", MeaningKind::kTimestampMillis},
    {"io.debezium.data.VariableScaleDecimal", MeaningKind::kVariableDecimal},
    {"io.debezium.data.Json", MeaningKind::kJson},
    {"io.debezium.data.Uuid", MeaningKind::kUuid},
    {"io.debezium.time.Date", MeaningKind::kDate},
    {"io.debezium.time.Time", MeaningKind::kTimeMillis},
    {"io.debezium.time.MicroTime", MeaningKind::kTimeMicros},
    {"io.debezium.time.NanoTime", MeaningKind::kTimeNanos},
    {"io.debezium.time.Timestamp", MeaningKind::kTimestampMillis},
    {"io.debezium.time.MicroTimestamp", MeaningKind::kTimestampMicros},
    {"io.debezium.time.NanoTimestamp", MeaningKind::kTimestampNanos}};

Wire WireOf(MeaningKind kind) {
  switch (kind) {
    case MeaningKind::kDecimal:
    case MeaningKind::kVariableDecimal:
      return Wire::kBytes;
    case MeaningKind::kUuid:
    case MeaningKind::kJson:
      return Wire::kText;
    default:
      return Wire::kInteger;
  }
}

// A member that is a string, or "".
std::string TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Meaning MeaningOf(const json& schema) {
  int32_t scale = 0;
  if (const auto parameters = schema.find("parameters");
      parameters != schema.end() && parameters->is_object()) {
    const std::string text = TextOf(*parameters, "scale");
    std::from_chars(text.data(), text.data() + text.size(), scale);
  }
  return ConnectMeaning(TextOf(schema, "name"), scale);
}

absl::Status Adorn(const json& schema, Unfit unfit, JsonNode* node);

// Whether a value of the schema's plain type can ever be one of the column's: JSON has a form for
// each type (README.md), and most are text.
bool MayBe(std::string_view written, sql::TypeRef type) {
  const bool json = type->Is(sql::TypeKind::kJson);
  const bool number =
      type->Is(sql::TypeKind::kInt64) || type->Is(sql::TypeKind::kNumeric) || type->is_floating();
  if (written == "boolean") return json || type->Is(sql::TypeKind::kBool);
  if (written == "float" || written == "double" || written.starts_with("int"))
    return json || number;
  if (written == "string" || written == "bytes")
    return !type->Is(sql::TypeKind::kBool) && !type->is_array() && !type->is_struct();
  if (written == "array") return json || type->is_array();
  if (written == "struct" || written == "map") return json || type->is_struct();
  return true;
}

absl::Status AdornFields(const json& schema, Unfit unfit, JsonNode* node) {
  const auto fields = schema.find("fields");
  if (fields == schema.end() || !fields->is_array()) return absl::OkStatus();
  std::vector<bool> found(node->children.size(), false);
  for (const json& field : *fields) {
    if (!field.is_object()) continue;
    const auto child = node->by_name.find(TextOf(field, "field"));
    if (child == node->by_name.end()) continue;
    found[child->second] = true;
    JsonNode& inner = node->children[child->second];
    const absl::Status fits = Adorn(field, unfit, &inner);
    if (fits.ok()) continue;
    if (unfit == Unfit::kError || inner.not_null || absl::IsFailedPrecondition(fits))
      return absl::FailedPreconditionError(fits.message());
    inner.ignored = true;
  }
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i] && node->children[i].not_null)
      return absl::FailedPreconditionError(FieldLeftSchema(node->children[i].path));
  }
  return absl::OkStatus();
}

// Gives the node and those under it the meanings that the schema says. FAILED_PRECONDITION: there
// is no ignoring it.
absl::Status Adorn(const json& schema, Unfit unfit, JsonNode* node) {
  const Meaning meaning = MeaningOf(schema);
  if (meaning.none()) {
    const std::string written = TextOf(schema, "type");
    if (node->type != nullptr && !MayBe(written, node->type))
      return absl::InvalidArgumentError(SchemaAgainstType(node->path, written, node->type));
    if (node->type == nullptr || node->type->is_struct()) return AdornFields(schema, unfit, node);
    const auto items = schema.find("items");
    if (node->type->is_array() && items != schema.end() && items->is_object())
      return Adorn(*items, unfit, &node->children[0]);
    return absl::OkStatus();
  }
  const bool decimal = meaning.kind == MeaningKind::kVariableDecimal;
  const Meaning checked = decimal ? Meaning{MeaningKind::kDecimal} : meaning;
  if (!Converts(WireOf(meaning.kind), checked, node->type)) {
    return absl::InvalidArgumentError(
        SchemaAgainstType(node->path, TextOf(schema, "name"), node->type));
  }
  node->meaning = meaning;
  if (decimal) {
    KS_ASSIGN_OR_RETURN(JsonNode parts, CompileJsonSchema({{"scale", Type::Int64(), true},
                                                           {"value", Type::Bytes(), true}}));
    node->children = std::move(parts.children);
    node->by_name = std::move(parts.by_name);
    node->seen = std::move(parts.seen);
  }
  return absl::OkStatus();
}

// Whether the first field of the object is `schema` or `payload`.
bool IsWrapped(std::string_view message) {
  size_t at = 0;
  const auto skip = [&] {
    while (at < message.size() && IsJsonSpace(message[at])) ++at;
  };
  skip();
  if (at >= message.size() || message[at] != '{') return false;
  ++at;
  skip();
  const std::string_view rest = message.substr(std::min(at, message.size()));
  return rest.starts_with("\"schema\"") || rest.starts_with("\"payload\"");
}

class ConnectJsonDecoder : public Decoder {
 public:
  ConnectJsonDecoder(Schema schema, JsonNode root, std::unique_ptr<Decoder> wrapper, Unfit unfit)
      : schema_(std::move(schema)),
        unfit_(unfit),
        root_(std::move(root)),
        wrapper_(std::move(wrapper)),
        plain_(MakeJsonDecoder(schema_, root_)) {}

  const Schema& schema() const override { return schema_; }

  void Decode(const Messages& messages, sql::Arena& arena, absl::Span<Datum* const> columns,
              DecodeResult* result) override {
    wrapped_.clear();
    group_.clear();
    for (const uint32_t row : messages.rows)
      (IsWrapped(messages.bytes[row]) ? wrapped_ : group_).push_back(row);
    inner_.Clear();
    if (!group_.empty()) plain_->Decode({messages.bytes, group_}, arena, columns, &inner_);
    if (!wrapped_.empty()) DecodeWrapped(messages, arena, columns);
    std::sort(inner_.errors.begin(), inner_.errors.end(),
              [](const RecordError& a, const RecordError& b) { return a.row < b.row; });
    for (RecordError& error : inner_.errors) result->errors.push_back(std::move(error));
    for (const uint32_t row : inner_.deletes) result->deletes.push_back(row);
  }

 private:
  struct Known {
    std::string text;
    std::string refusal;  // why messages of this schema cannot be decoded; empty: they can
    std::unique_ptr<Decoder> decoder;
  };

  void DecodeWrapped(const Messages& messages, sql::Arena& arena,
                     absl::Span<Datum* const> columns) {
    Datum* const schemas = arena.AllocateArray<Datum>(messages.bytes.size());
    Datum* const payloads = arena.AllocateArray<Datum>(messages.bytes.size());
    Datum* const parts[] = {schemas, payloads};
    DecodeResult outer;
    wrapper_->Decode({messages.bytes, wrapped_}, arena, parts, &outer);
    bodies_.assign(messages.bytes.size(), {});
    group_.clear();
    Known* current = nullptr;
    size_t next_error = 0;
    for (const uint32_t row : wrapped_) {
      if (next_error < outer.errors.size() && outer.errors[next_error].row == row) {
        ++next_error;
        SetNull(columns, row);
      } else if (payloads[row].null()) {
        SetNull(columns, row);
        inner_.deletes.push_back(row);
      } else {
        Known* known = schemas[row].null() ? nullptr : Find(schemas[row].str());
        if (known != current) FlushGroup(current, arena, columns);
        current = known;
        bodies_[row] = payloads[row].str();
        group_.push_back(row);
      }
    }
    FlushGroup(current, arena, columns);
    for (RecordError& error : outer.errors) inner_.errors.push_back(std::move(error));
  }

  // Decodes the payloads of group_, all of one schema; null: of none.
  void FlushGroup(Known* known, sql::Arena& arena, absl::Span<Datum* const> columns) {
    if (known != nullptr && !known->refusal.empty()) {
      for (const uint32_t row : group_) {
        SetNull(columns, row);
        inner_.errors.push_back({row, ErrorKind::kSchemaChanged, known->refusal});
      }
    } else if (!group_.empty()) {
      const size_t first = inner_.errors.size();
      Decoder& decoder = known == nullptr ? *plain_ : *known->decoder;
      decoder.Decode({bodies_, group_}, arena, columns, &inner_);
      for (size_t i = first; i < inner_.errors.size(); ++i)
        inner_.errors[i].message = InPart("payload", inner_.errors[i].message);
    }
    group_.clear();
  }

  Known* Find(std::string_view text) {
    for (size_t i = known_.size(); i-- > 0;) {
      if (known_[i]->text != text) continue;
      std::rotate(known_.begin() + static_cast<ptrdiff_t>(i),
                  known_.begin() + static_cast<ptrdiff_t>(i) + 1, known_.end());
      return known_.back().get();
    }
    auto known = std::make_unique<Known>(Known{.text = std::string(text)});
    JsonNode root = root_;
    const json schema = json::parse(text, nullptr, /*allow_exceptions=*/false);
    const absl::Status status = Adorn(schema.is_object() ? schema : json::object(), unfit_, &root);
    if (!status.ok()) known->refusal = std::string(View(status.message()));
    known->decoder = MakeJsonDecoder(schema_, std::move(root));
    // The one longest unused goes, which is not the group's: that one was found last.
    if (known_.size() >= kConnectSchemasMax) known_.erase(known_.begin());
    known_.push_back(std::move(known));
    return known_.back().get();
  }

  const Schema schema_;
  const Unfit unfit_;
  const JsonNode root_;
  const std::unique_ptr<Decoder> wrapper_;
  const std::unique_ptr<Decoder> plain_;
  std::vector<std::unique_ptr<Known>> known_;  // the last used at the end
  std::vector<uint32_t> wrapped_;
  std::vector<uint32_t> group_;
  std::vector<std::string_view> bodies_;
  DecodeResult inner_;
};

}  // namespace

Meaning ConnectMeaning(std::string_view name, int32_t scale) {
  const auto found = kMeanings.find(name);
  if (found == kMeanings.end()) return {};
  return {found->second, found->second == MeaningKind::kDecimal ? scale : 0};
}

absl::StatusOr<std::unique_ptr<Decoder>> MakeConnectJsonDecoder(Schema schema, JsonNode root,
                                                                Unfit unfit) {
  Schema wrapper = {{"schema", Type::Json()}, {"payload", Type::Json()}};
  KS_ASSIGN_OR_RETURN(JsonNode parts, CompileJsonSchema(wrapper));
  for (JsonNode& part : parts.children) part.raw = true;
  return std::make_unique<ConnectJsonDecoder>(std::move(schema), std::move(root),
                                              MakeJsonDecoder(std::move(wrapper), std::move(parts)),
                                              unfit);
}

}  // namespace ks::formats
