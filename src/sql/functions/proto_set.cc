// Fields of protocol buffers, written in the wire format.
//   $proto_set(message, numbers, 'message', 'field', path, value)
// is a copy of the message with another value of a field. `numbers` and the names are
// ProtoSetOptions; `path` has the ProtoTag of each field from the message down to this one. A NULL
// value takes the field away. NEW puts its fields one behind the other; else they stand in the
// order of their numbers, as most writers of protocol buffers have them.
#include "sql/functions/proto_set.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/function.h"
#include "sql/functions/proto_wire.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

constexpr int kNumberShift = 3;  // a tag is number << 3 | wire type
constexpr uint64_t kWireTypeMask = 7;

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendLittleEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

void AppendScalar(const Datum& value, ProtoEncoding encoding, TypeRef type, std::string* out) {
  switch (encoding) {
    case ProtoEncoding::kVarint:
      return AppendVarint(type->Is(TypeKind::kBool) ? uint64_t{value.bool_value()}
                                                    : static_cast<uint64_t>(value.int64()),
                          out);
    case ProtoEncoding::kZigzag:
      return AppendVarint(
          static_cast<uint64_t>(value.int64()) << 1 ^ static_cast<uint64_t>(value.int64() >> 63),
          out);
    case ProtoEncoding::kFixed64:
      return AppendLittleEndian(static_cast<uint64_t>(value.int64()), 8, out);
    case ProtoEncoding::kFloat:
      return AppendLittleEndian(std::bit_cast<uint32_t>(static_cast<float>(value.float64())), 4,
                                out);
    case ProtoEncoding::kDouble:
      return AppendLittleEndian(std::bit_cast<uint64_t>(value.float64()), 8, out);
    case ProtoEncoding::kLength:
      AppendVarint(value.str().size(), out);
      return static_cast<void>(out->append(value.str()));
    case ProtoEncoding::kGroup:
      return static_cast<void>(out->append(value.str()));
  }
}

void AppendPart(uint64_t tag, const Datum& value, ProtoEncoding encoding, TypeRef type,
                std::string* out) {
  AppendVarint(tag, out);
  AppendScalar(value, encoding, type, out);
  if (encoding == ProtoEncoding::kGroup) AppendVarint((tag & ~kWireTypeMask) | kEndGroup, out);
}

using Verb = ProtoSetOptions::Verb;

absl::Status CannotClear(const ProtoSetOptions& options) {
  if (options.verb == Verb::kReplace) {
    return OutOfRange("REPLACE_FIELDS() cannot be used to clear required fields");
  }
  return OutOfRange(StrCat("Cannot encode a null value in required protocol message field ",
                           options.message, ".", options.field));
}
absl::Status NullElement(const ProtoSetOptions& options) {
  return OutOfRange(StrCat("Cannot encode a null value in repeated protocol message field ",
                           options.message, ".", options.field));
}
absl::Status Unset(const ProtoSetOptions& options) {
  if (options.verb == Verb::kReplace) {
    return OutOfRange("REPLACE_FIELDS() cannot be used to modify the fields of an unset proto");
  }
  return OutOfRange(StrCat("Cannot set field of NULL `", options.message, "`"));
}

// One assignment, for all rows of a batch.
class Setter {
 public:
  Setter(const ProtoSetOptions& options, absl::Span<const Datum> path, TypeRef type)
      : options_(options), path_(path), type_(type) {}

  absl::StatusOr<std::string> Set(std::string_view message, const Datum& value) const {
    if (options_.verb != Verb::kNew) return SetAt(message, 0, value);
    auto field = Field(value);
    if (field.ok()) field->insert(0, message);
    return field;
  }

 private:
  absl::StatusOr<std::string> Field(const Datum& value) const;
  absl::StatusOr<std::string> SetAt(std::string_view message, size_t step,
                                    const Datum& value) const;
  absl::StatusOr<std::string> SetInner(std::string_view message, size_t step,
                                       const Datum& value) const;

  const ProtoSetOptions& options_;
  const absl::Span<const Datum> path_;
  const TypeRef type_;
};

// The parts that stand for the value.
absl::StatusOr<std::string> Setter::Field(const Datum& value) const {
  const auto tag = static_cast<uint64_t>(path_.back().int64());
  std::string out;
  if (value.null()) {
    if (options_.required) return CannotClear(options_);
    return out;
  }
  if (!type_->is_array()) {
    AppendPart(tag, value, options_.encoding, type_, &out);
    return out;
  }
  const TypeRef element = type_->element();
  std::string packed;
  for (const Datum& one : value.elements()) {
    if (one.null()) return NullElement(options_);
    if (options_.packed) {
      AppendScalar(one, options_.encoding, element, &packed);
    } else {
      AppendPart(tag, one, options_.encoding, element, &out);
    }
  }
  if (!packed.empty()) {
    AppendPart(tag, Datum::Str(packed), ProtoEncoding::kLength, Type::Bytes(), &out);
  }
  return out;
}

// What stands at `step` of the path: the message inside, changed.
absl::StatusOr<std::string> Setter::SetInner(std::string_view message, size_t step,
                                             const Datum& value) const {
  const auto tag = static_cast<uint64_t>(path_[step].int64());
  std::string inner;  // several parts of one message add up
  bool found = false;
  std::string_view rest = message;
  for (ProtoPart part; ReadPart(&rest, &part);) {
    if (part.number != tag >> kNumberShift) continue;
    inner.append(part.bytes);
    found = true;
  }
  if (!found) return Unset(options_);
  auto changed = SetAt(inner, step + 1, value);
  if (!changed.ok()) return changed.status();
  std::string out;
  const bool group = (tag & kWireTypeMask) == kStartGroup;
  AppendPart(tag, Datum::Str(*changed), group ? ProtoEncoding::kGroup : ProtoEncoding::kLength,
             Type::Bytes(), &out);
  return out;
}

absl::StatusOr<std::string> Setter::SetAt(std::string_view message, size_t step,
                                          const Datum& value) const {
  const bool last = step + 1 == path_.size();
  auto field = last ? Field(value) : SetInner(message, step, value);
  if (!field.ok()) return field.status();
  const auto number = static_cast<uint32_t>(path_[step].int64() >> kNumberShift);
  const auto is_rival = [&](uint32_t other) {
    return last && !value.null() &&
           std::find(options_.rivals.begin(), options_.rivals.end(), other) !=
               options_.rivals.end();
  };
  std::string out;
  bool placed = false;
  const auto place = [&] {
    if (!placed) out += *field;
    placed = true;
  };
  std::string_view rest = message;
  for (ProtoPart part; ReadPart(&rest, &part);) {
    if (part.number >= number) place();
    if (part.number != number && !is_rival(part.number)) out.append(part.whole);
  }
  place();
  return out;
}

absl::StatusOr<Prepared> PrepareSet(absl::Span<const Value* const> constants) {
  return std::make_shared<const ProtoSetOptions>(
      ProtoSetOptions::From(*constants[1], *constants[2], *constants[3]));
}

void SetKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const auto& options = *static_cast<const ProtoSetOptions*>(call.prepared);
  const Setter setter(options, arguments[4].at(0).elements(), call.argument_types[5]);
  for (const uint32_t row : rows) {
    const Datum& message = arguments[0].at(row);
    if (message.null() && options.verb == Verb::kUpdate) call.context.Fail(row, Unset(options));
    out[row] = Datum::Null();
    if (message.null()) continue;
    const auto changed = setter.Set(message.str(), arguments[5].at(row));
    if (changed.ok()) {
      out[row] = Datum::Str(call.context.arena.Copy(*changed));
    } else {
      call.context.Fail(row, changed.status());
    }
  }
}

}  // namespace

Value ProtoSetOptions::Numbers() const {
  std::vector<Value> numbers;
  for (const int64_t number : {static_cast<int64_t>(verb), static_cast<int64_t>(encoding),
                               int64_t{packed}, int64_t{required}}) {
    numbers.push_back(Value::Int64(number));
  }
  for (const int32_t rival : rivals) numbers.push_back(Value::Int64(rival));
  return Value::Array(Type::Int64(), std::move(numbers));
}

ProtoSetOptions ProtoSetOptions::From(const Value& numbers, const Value& message,
                                      const Value& field) {
  const auto number = [&](size_t i) { return numbers.datum().elements()[i].int64(); };
  ProtoSetOptions options{.verb = static_cast<Verb>(number(0)),
                          .encoding = static_cast<ProtoEncoding>(number(1)),
                          .packed = number(2) != 0,
                          .required = number(3) != 0,
                          .message = std::string(message.datum().str()),
                          .field = std::string(field.datum().str())};
  for (size_t i = 4; i < numbers.datum().elements().size(); ++i) {
    options.rivals.push_back(static_cast<int32_t>(number(i)));
  }
  return options;
}

int64_t ProtoTag(const ProtoField& field) {
  const WireType wire_type = field.packed ? kLength : WireTypeOf(field.encoding);
  return int64_t{field.number} << kNumberShift | static_cast<int64_t>(wire_type);
}

void AddProtoSet(FunctionRegistry& table) {
  using Pattern = ArgumentType::Pattern;
  const TypeRef numbers = Type::Array(Type::Int64());
  table.Add("$proto_set", {Signature{.result = Pattern::kAnyStruct,
                                     .arguments = {Pattern::kAnyType, numbers, Type::String(),
                                                   Type::String(), numbers, Pattern::kAnyType},
                                     .kernel = &SetKernel,
                                     .nulls = NullHandling::kKernel,
                                     .prepare = &PrepareSet}});
}

}  // namespace ks::sql
