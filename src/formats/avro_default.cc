// Defaults of Avro's fields: JSON in the schema, encoded as the value would be in a message, so
// that they are read by the very rules that messages are.
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/str_cat.h"
#include "formats/avro_schema.h"
#include "formats/errors.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

using nlohmann::json;

void AppendLong(int64_t value, std::string* out) {
  uint64_t bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out->push_back(static_cast<char>(bits | 0x80));
  out->push_back(static_cast<char>(bits));
}

template <typename T, typename Bits>
void AppendLittleEndian(T value, std::string* out) {
  Bits bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  for (size_t i = 0; i < sizeof bits; ++i) out->push_back(static_cast<char>(bits >> 8 * i & 0xff));
}

// The bytes that a text stands for, a byte a character (ISO 8859-1); false where one has no byte.
bool BytesOfText(std::string_view text, std::string* bytes) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      bytes->push_back(text[i]);
    } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < text.size()) {
      bytes->push_back(static_cast<char>((byte & 3) << 6 | (text[++i] & 0x3f)));
    } else {
      return false;
    }
  }
  return true;
}

class Encoder {
 public:
  explicit Encoder(const AvroSchema& schema) : schema_(schema) {}

  bool Append(uint32_t index, const json& value, size_t depth, std::string* out) {
    if (depth > kAvroSchemaDepthMax) return false;
    const AvroNode& node = schema_.node(index);
    switch (node.kind) {
      case AvroKind::kUnion:
        return AppendUnion(node, value, depth, out);
      case AvroKind::kRecord:
        return AppendRecord(node, value, depth, out);
      case AvroKind::kArray:
      case AvroKind::kMap:
        return AppendBlock(node, value, depth, out);
      default:
        return AppendPrimitive(node, value, out);
    }
  }

 private:
  static bool AppendPrimitive(const AvroNode& node, const json& value, std::string* out) {
    switch (node.kind) {
      case AvroKind::kNull:
        return value.is_null();
      case AvroKind::kBool:
        if (value.is_boolean()) out->push_back(value.get<bool>() ? 1 : 0);
        return value.is_boolean();
      case AvroKind::kInt:
      case AvroKind::kLong:
        return AppendInteger(node, value, out);
      case AvroKind::kFloat:
        if (value.is_number()) AppendLittleEndian<float, uint32_t>(value.get<float>(), out);
        return value.is_number();
      case AvroKind::kDouble:
        if (value.is_number()) AppendLittleEndian<double, uint64_t>(value.get<double>(), out);
        return value.is_number();
      default:
        return value.is_string() && AppendText(node, value.get_ref<const std::string&>(), out);
    }
  }

  static bool AppendInteger(const AvroNode& node, const json& value, std::string* out) {
    if (!value.is_number_integer()) return false;
    if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return false;
    const auto number = value.get<int64_t>();
    if (node.kind == AvroKind::kInt && (number < INT32_MIN || number > INT32_MAX)) return false;
    AppendLong(number, out);
    return true;
  }

  static bool AppendText(const AvroNode& node, const std::string& text, std::string* out) {
    if (node.kind == AvroKind::kEnum) {
      for (size_t i = 0; i < node.names.size(); ++i) {
        if (node.names[i] != text) continue;
        AppendLong(static_cast<int64_t>(i), out);
        return true;
      }
      return false;
    }
    std::string bytes;
    if (node.kind == AvroKind::kString) {
      bytes = text;
    } else if (!BytesOfText(text, &bytes)) {
      return false;
    }
    if (node.kind == AvroKind::kFixed && bytes.size() != node.size) return false;
    if (node.kind != AvroKind::kFixed) AppendLong(static_cast<int64_t>(bytes.size()), out);
    out->append(bytes);
    return true;
  }

  bool AppendUnion(const AvroNode& node, const json& value, size_t depth, std::string* out) {
    for (size_t i = 0; i < node.children.size(); ++i) {
      std::string branch;
      if (!Append(node.children[i], value, depth + 1, &branch)) continue;
      AppendLong(static_cast<int64_t>(i), out);
      out->append(branch);
      return true;
    }
    return false;
  }

  bool AppendRecord(const AvroNode& node, const json& value, size_t depth, std::string* out) {
    if (!value.is_object()) return false;
    for (size_t i = 0; i < node.children.size(); ++i) {
      const auto found = value.find(node.names[i]);
      const std::string& otherwise = node.terms[i].default_value;
      if (found == value.end() && otherwise.empty()) return false;
      const json field = found == value.end() ? json::parse(otherwise) : *found;
      if (!Append(node.children[i], field, depth + 1, out)) return false;
    }
    return true;
  }

  // An array or a map: one block of all elements, and the empty one at the end.
  bool AppendBlock(const AvroNode& node, const json& value, size_t depth, std::string* out) {
    const bool map = node.kind == AvroKind::kMap;
    if (map ? !value.is_object() : !value.is_array()) return false;
    if (!value.empty()) AppendLong(static_cast<int64_t>(value.size()), out);
    for (const auto& [key, element] : value.items()) {
      if (map) {
        AppendLong(static_cast<int64_t>(key.size()), out);
        out->append(key);
      }
      if (!Append(node.children[0], element, depth + 1, out)) return false;
    }
    AppendLong(0, out);
    return true;
  }

  const AvroSchema& schema_;
};

}  // namespace

absl::StatusOr<std::string> AvroDefault(const AvroSchema& schema, const AvroNode& record,
                                        size_t field) {
  std::string bytes;
  Encoder encoder(schema);
  const json value = json::parse(record.terms[field].default_value, nullptr, false);
  if (!value.is_discarded() && encoder.Append(record.children[field], value, 0, &bytes))
    return bytes;
  return BadAvroSchema(
      StrCat("the default of field `", record.names[field], "` is no value of its type"));
}

}  // namespace ks::formats
