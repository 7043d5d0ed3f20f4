#include "local/spanner/schema/key_text.h"

#include "absl/strings/escaping.h"
#include "base/str_cat.h"
#include "local/spanner/storage/timestamp.h"
#include "sql/types/value.h"

namespace ks::local {
namespace {

void AppendPart(sql::TypeRef type, const sql::Datum& value, std::string* out) {
  using sql::TypeKind;
  if (value.null()) {
    out->append("NULL");
    return;
  }
  switch (type->kind()) {
    case TypeKind::kBool:
      out->append(value.bool_value() ? "true" : "false");
      return;
    case TypeKind::kInt64:
    case TypeKind::kEnum:
      StrAppend(out, value.int64());
      return;
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return sql::AppendFloat64(value.float64(), out);
    case TypeKind::kNumeric:
      return sql::AppendNumeric(value.wide(), out);
    case TypeKind::kUuid:
      return sql::AppendUuid(value.wide(), out);
    case TypeKind::kDate:
      return sql::AppendDate(value.int64(), out);
    case TypeKind::kTimestamp:
      if (IsPendingCommitTimestamp(value)) {
        out->append("spanner.commit_timestamp()");
        return;
      }
      return sql::AppendTimestampRfc3339(value.timestamp(), out);
    case TypeKind::kBytes:
      out->append(absl::CHexEscape(AbslView(value.str())));
      return;
    default:
      out->append(value.str());
  }
}

}  // namespace

std::string FormatKey(const KeyShape& shape, absl::Span<const sql::Datum> values) {
  std::string out = "[";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out.push_back(',');
    AppendPart(shape.parts[i].type, values[i], &out);
  }
  out.push_back(']');
  return out;
}

std::string FormatEncodedKey(const KeyShape& shape, std::string_view key, size_t parts) {
  sql::Arena arena(1024);
  std::vector<sql::Datum> values(shape.parts.size());
  if (!DecodeKey(shape, key, arena, values.data()).ok()) return "[?]";
  if (parts != 0) values.resize(parts);
  return FormatKey(shape, values);
}

}  // namespace ks::local
