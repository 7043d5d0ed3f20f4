// Messages that are one line of separated values (RFC 4180).
#include <cstring>

#include "base/str_cat.h"
#include "base/string_map.h"
#include "formats/errors.h"
#include "formats/json_text.h"
#include "formats/meaning.h"
#include "formats/single_decoder.h"

namespace ks::formats {
namespace {

using sql::Datum;
using sql::TypeKind;

// One value of a line, without its quotes.
struct Cell {
  std::string_view text;
  bool quoted = false;
  size_t byte = 0;
};

class CsvDecoder : public SingleDecoder {
 public:
  CsvDecoder(Schema schema, CsvOptions options, std::vector<int> targets)
      : schema_(std::move(schema)), options_(std::move(options)), targets_(std::move(targets)) {}

  const Schema& schema() const override { return schema_; }

 private:
  bool DecodeOne(std::string_view line, sql::Arena& arena, absl::Span<Datum* const> columns,
                 RecordError* error) override {
    if (!IsValidUtf8(line)) {
      error->message = WrongCsv("expected valid UTF-8", 0);
      return false;
    }
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!Split(line, arena, error)) return false;
    if (cells_.size() != targets_.size()) {
      error->message = WrongCsvCount(targets_.size(), cells_.size());
      return false;
    }
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (targets_[i] < 0) continue;
      const auto column = static_cast<size_t>(targets_[i]);
      if (!Convert(schema_[column], cells_[i], arena, &columns[column][error->row], error))
        return false;
    }
    return true;
  }

  bool Split(std::string_view line, sql::Arena& arena, RecordError* error) {
    cells_.clear();
    size_t at = 0;
    while (true) {
      Cell cell{.byte = at};
      if (at < line.size() && line[at] == '"') {
        if (!ReadQuoted(line, arena, &at, &cell, error)) return false;
      } else {
        const size_t end = std::min(line.find(options_.delimiter, at), line.size());
        cell.text = line.substr(at, end - at);
        const size_t odd = cell.text.find_first_of("\"\r\n");
        if (odd != std::string_view::npos) {
          error->message = WrongCsv("a quote or line break in a value without quotes", at + odd);
          return false;
        }
        at = end;
      }
      cells_.push_back(cell);
      if (at == line.size()) return true;
      ++at;  // the delimiter
    }
  }

  // `at`: of the opening quote, then behind the closing one.
  bool ReadQuoted(std::string_view line, sql::Arena& arena, size_t* at, Cell* cell,
                  RecordError* error) const {
    cell->quoted = true;
    char* const to = arena.Allocate(line.size() - *at);
    size_t size = 0;
    size_t i = *at + 1;
    for (; i < line.size(); ++i) {
      if (line[i] == '"') {
        if (i + 1 >= line.size() || line[i + 1] != '"') break;
        ++i;
      }
      to[size++] = line[i];
    }
    if (i >= line.size()) {
      error->message = WrongCsv("the quote is not closed", *at);
      return false;
    }
    if (i + 1 < line.size() && line[i + 1] != options_.delimiter) {
      error->message = WrongCsv("expected the delimiter behind a closing quote", i + 1);
      return false;
    }
    cell->text = {to, size};
    *at = i + 1;
    return true;
  }

  bool Convert(const Field& field, const Cell& cell, sql::Arena& arena, Datum* out,
               RecordError* error) const {
    if (!cell.quoted && cell.text == options_.null_text) {
      *out = Datum::Null();
      if (!field.not_null) return true;
      error->kind = ErrorKind::kMissingField;
      error->message = NullField(field.name);
      return false;
    }
    const Parsed parsed = ConvertText(field.type, cell.text, arena, out);
    if (parsed == Parsed::kOk) return true;
    const bool wrong = parsed == Parsed::kMalformed;
    error->kind = wrong ? ErrorKind::kWrongType : ErrorKind::kOutOfRange;
    error->message = wrong ? WrongType(field.name, field.type, "its text", cell.text, cell.byte)
                           : NotExact(field.name, field.type, cell.text, cell.byte);
    return false;
  }

  static Parsed ConvertText(sql::TypeRef type, std::string_view text, sql::Arena& arena,
                            Datum* out) {
    if (type->Is(TypeKind::kBool)) {
      if (text != "true" && text != "false") return Parsed::kMalformed;
      *out = Datum::Bool(text == "true");
      return Parsed::kOk;
    }
    if (type->Is(TypeKind::kJson)) return FromText({MeaningKind::kJson}, text, type, arena, out);
    return ParseText(type, text, arena, out);
  }

  const Schema schema_;
  const CsvOptions options_;
  const std::vector<int> targets_;  // by position in a line: the field, or -1
  std::vector<Cell> cells_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Decoder>> MakeCsvDecoder(Schema schema, CsvOptions options) {
  StringMap<int> by_name;
  for (size_t i = 0; i < schema.size(); ++i) {
    const TypeKind kind = schema[i].type->kind();
    if (kind == TypeKind::kArray || kind == TypeKind::kStruct || kind == TypeKind::kProto ||
        kind == TypeKind::kEnum || kind == TypeKind::kInterval)
      return UnsupportedType("CSV", schema[i].name, schema[i].type);
    by_name.try_emplace(schema[i].name, static_cast<int>(i));
  }
  std::vector<int> targets;
  for (const std::string& name : options.header) {
    const auto found = by_name.find(name);
    targets.push_back(found == by_name.end() ? -1 : found->second);
  }
  return std::make_unique<CsvDecoder>(std::move(schema), std::move(options), std::move(targets));
}

}  // namespace ks::formats
