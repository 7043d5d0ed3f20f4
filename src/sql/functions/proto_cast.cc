#include "sql/functions/proto_cast.h"

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/format_value.h"
#include "sql/proto_catalog.h"

namespace ks::sql {
namespace {

absl::Status NoEnumValue(std::string_view what, TypeRef type) {
  return OutOfRange(StrCat("Out of range cast of ", what, " to enum type ", type->full_name()));
}

// `convert` gives the Datum of one that is not NULL, or an error.
template <typename Convert>
void Run(Call& call, Rows rows, const Column& column, Datum* out, const Convert& convert) {
  const auto* protos = static_cast<const ProtoCatalog*>(call.prepared);
  for (const uint32_t row : rows) {
    absl::StatusOr<Datum> made = protos == nullptr
                                     ? OutOfRange("there are no PROTO and ENUM types here")
                                     : convert(*protos, column.at(row));
    out[row] = made.ok() ? *made : Datum::Null();
    if (!made.ok()) call.context.Fail(row, made.status());
  }
}

}  // namespace

void StringToEnumKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  Run(call, rows, arguments[0], out,
      [&](const ProtoCatalog& protos, const Datum& text) -> absl::StatusOr<Datum> {
        const auto number = protos.EnumNumber(call.result_type, text.str());
        if (number.has_value()) return Datum::Int64(*number);
        return NoEnumValue(StrCat("string '", text.str(), "'"), call.result_type);
      });
}

void Int64ToEnumKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  Run(call, rows, arguments[0], out,
      [&](const ProtoCatalog& protos, const Datum& number) -> absl::StatusOr<Datum> {
        if (protos.EnumName(call.result_type, number.int64()).has_value()) return number;
        return NoEnumValue(StrCat("integer ", number.int64()), call.result_type);
      });
}

void EnumToStringKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  Run(call, rows, arguments[0], out,
      [&](const ProtoCatalog& protos, const Datum& number) -> absl::StatusOr<Datum> {
        const auto name = protos.EnumName(type, number.int64());
        if (name.has_value()) return Datum::Str(call.context.arena.Copy(*name));
        return OutOfRange(
            StrCat("enum type ", type->full_name(), " has no value ", number.int64()));
      });
}

void StringToProtoKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  Run(call, rows, arguments[0], out,
      [&](const ProtoCatalog& protos, const Datum& text) -> absl::StatusOr<Datum> {
        auto bytes = protos.ParseText(call.result_type, text.str());
        if (!bytes.ok()) return bytes.status();
        return Datum::Str(call.context.arena.Copy(*bytes));
      });
}

void ProtoToStringKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const TypeRef type = call.argument_types[0];
  Run(call, rows, arguments[0], out,
      [&](const ProtoCatalog& protos, const Datum& bytes) -> absl::StatusOr<Datum> {
        const auto text = protos.PrintText(type, bytes.str());
        if (text.has_value()) return Datum::Str(call.context.arena.Copy(*text));
        std::string shown;
        AppendFormattedValue(Type::Bytes(), bytes, true, &shown);
        return OutOfRange(
            StrCat("Invalid cast to string from type ", type->full_name(), ": ", shown));
      });
}

}  // namespace ks::sql
