// Messages that are one value: text, bytes, or a number as Kafka's own serializers write it.
#include <cstring>

#include "base/str_cat.h"
#include "formats/errors.h"
#include "formats/json_text.h"
#include "formats/single_decoder.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::TypeKind;

// A big-endian unsigned number of sizeof(T) bytes.
template <typename T>
T ReadBigEndian(const char* bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[i]));
  return value;
}

class RawDecoder : public SingleDecoder {
 public:
  RawDecoder(Field field, RawForm form) : schema_({std::move(field)}), form_(form) {}

  const Schema& schema() const override { return schema_; }

 private:
  bool DecodeOne(std::string_view message, sql::Arena& arena, absl::Span<Datum* const> columns,
                 RecordError* error) override {
    const Field& field = schema_[0];
    Datum* const out = &columns[0][error->row];
    if (field.type->Is(TypeKind::kBytes)) {
      *out = Datum::Str(message);
      return true;
    }
    if (form_ == RawForm::kBinary) return DecodeNumber(message, out, error);
    if (!IsValidUtf8(message)) {
      error->message = InvalidUtf8(field.name, 0);
      return false;
    }
    switch (ParseText(field.type, message, arena, out)) {
      case Parsed::kOk:
        return true;
      case Parsed::kMalformed:
        error->kind = ErrorKind::kWrongType;
        error->message = WrongType(field.name, field.type, "its text", message, 0);
        return false;
      case Parsed::kOutOfRange:
        error->kind = ErrorKind::kOutOfRange;
        error->message = NotExact(field.name, field.type, message, 0);
        return false;
    }
    return false;
  }

  bool DecodeNumber(std::string_view message, Datum* out, RecordError* error) const {
    const Field& field = schema_[0];
    const bool is_int = field.type->Is(TypeKind::kInt64);
    if (is_int && message.size() == 4) {
      *out = Datum::Int64(static_cast<int32_t>(ReadBigEndian<uint32_t>(message.data())));
      return true;
    }
    if (message.size() != 8) {
      error->kind = ErrorKind::kMalformed;
      error->message =
          WrongLength(field.name, field.type, is_int ? "8 or 4 bytes" : "8 bytes", message.size());
      return false;
    }
    const auto bits = ReadBigEndian<uint64_t>(message.data());
    if (is_int) {
      *out = Datum::Int64(static_cast<int64_t>(bits));
    } else {
      double value = 0;
      std::memcpy(&value, &bits, sizeof value);
      *out = Datum::Float64(value);
    }
    return true;
  }

  const Schema schema_;
  const RawForm form_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Decoder>> MakeRawDecoder(Field field, RawForm form) {
  const TypeKind kind = field.type->kind();
  const bool binary =
      kind == TypeKind::kBytes || kind == TypeKind::kInt64 || kind == TypeKind::kFloat64;
  const bool text = kind != TypeKind::kBool && kind != TypeKind::kJson &&
                    kind != TypeKind::kArray && kind != TypeKind::kStruct &&
                    kind != TypeKind::kProto && kind != TypeKind::kEnum &&
                    kind != TypeKind::kInterval;
  if (form == RawForm::kBinary ? !binary : !text) {
    return UnsupportedType(form == RawForm::kBinary ? "a binary message" : "a text message",
                           field.name, field.type);
  }
  return std::make_unique<RawDecoder>(std::move(field), form);
}

}  // namespace ks::formats
