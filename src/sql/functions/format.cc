// FORMAT:
// https://cloud.google.com/spanner/docs/reference/standard-sql/string_functions#format_string
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/format_value.h"
#include "sql/functions/json_scan.h"
#include "sql/functions/lift.h"
#include "sql/functions/limits.h"
#include "sql/functions/table.h"
#include "sql/functions/utf8.h"

namespace ks::sql {
namespace {

absl::Status Wrong(std::string text) { return absl::InvalidArgumentError(std::move(text)); }

// ---- The pattern ----

// One `%…` and the text before it; the last piece of a pattern may have no specifier.
struct Piece {
  std::string text;
  char specifier = 0;
  NumberStyle style;
  bool star_width = false;
  bool star_precision = false;
  int first_argument = 0;  // the widths come first, then the value
  int arguments() const { return specifier == 0 ? 0 : 1 + star_width + star_precision; }
};
struct Pattern {
  std::vector<Piece> pieces;
  int arguments = 0;
};

class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) {}

  absl::StatusOr<Pattern> Parse() {
    Pattern pattern;
    Piece piece;
    while (at_ < text_.size()) {
      if (text_[at_] != '%') {
        piece.text += text_[at_++];
        continue;
      }
      if (++at_ == text_.size()) return Wrong(StrCat("Invalid FORMAT string: \"", text_, "\""));
      if (text_[at_] == '%') {
        piece.text += text_[at_++];
        continue;
      }
      if (absl::Status error = Specifier(&piece); !error.ok()) return error;
      piece.first_argument = pattern.arguments;
      pattern.arguments += piece.arguments();
      pattern.pieces.push_back(std::move(piece));
      piece = Piece();
    }
    pattern.pieces.push_back(std::move(piece));
    return pattern;
  }

 private:
  // [flags][width][.precision]specifier
  absl::Status Specifier(Piece* piece) {
    NumberStyle& style = piece->style;
    const size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '-') {
        style.left = true;
      } else if (c == '+') {
        style.plus = true;
      } else if (c == ' ') {
        style.space = true;
      } else if (c == '#') {
        style.alternate = true;
      } else if (c == '0') {
        style.zeros = true;
      } else if (c == '\'') {
        style.groups = true;
      } else {
        break;
      }
    }
    if (absl::Status error = Number(&style.width, &piece->star_width); !error.ok()) return error;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      style.precision = 0;
      absl::Status error = Number(&style.precision, &piece->star_precision);
      if (!error.ok()) return error;
    }
    const size_t place = std::min(at_, text_.size() - 1);
    constexpr std::string_view kSpecifiers = "diouxXfFeEgGstTpP";
    if (at_ == text_.size() || kSpecifiers.find(text_[at_]) == std::string_view::npos) {
      const size_t shown = at_ == text_.size() ? std::max(begin, place) : at_;
      return Wrong(StrCat("Invalid format specifier character \"",
                          text_.substr(shown, CharacterBytes(text_[shown])),
                          "\" in FORMAT string: \"", text_, "\""));
    }
    piece->specifier = text_[at_++];
    return absl::OkStatus();
  }

  absl::Status Number(int* value, bool* star) {
    if (at_ < text_.size() && text_[at_] == '*') {
      *star = true;
      ++at_;
      return absl::OkStatus();
    }
    int64_t number = 0;
    bool any = false;
    for (; at_ < text_.size() && absl::ascii_isdigit(text_[at_]); ++at_) {
      any = true;
      number = std::min<int64_t>(number * 10 + (text_[at_] - '0'), INT32_MAX);
    }
    if (number > static_cast<int64_t>(kStringOutputBytesMax)) {
      return Wrong(StrCat(
          "Width ", number,
          " exceeds the maximum supported output width of FORMAT. Limit: ", kStringOutputBytesMax));
    }
    if (any) *value = static_cast<int>(number);
    return absl::OkStatus();
  }

  std::string_view text_;
  size_t at_ = 0;
};

// ---- Types ----

// What the specifier wants, as messages name it; empty: it takes `type`.
std::string_view Wanted(char specifier, TypeRef type) {
  switch (specifier) {
    case 'd':
    case 'i':
    case 'o':
    case 'x':
    case 'X':
      return type->Is(TypeKind::kInt64) ? "" : "integer";
    case 'u':
      return "UINT";
    case 's':
      return type->Is(TypeKind::kString) ? "" : "STRING";
    case 'p':
    case 'P':
      return type->Is(TypeKind::kJson) ? "" : "PROTO or JSON";
    case 't':
    case 'T':
      return "";
    default:
      return type->is_floating() || type->Is(TypeKind::kNumeric) ? "" : "FLOAT64";
  }
}

absl::Status CheckArguments(const Pattern& pattern, std::string_view text,
                            absl::Span<const TypeRef> types) {
  const int given = static_cast<int>(types.size()) - 1;
  if (given != pattern.arguments) {
    return Wrong(StrCat("Too ", given < pattern.arguments ? "few" : "many",
                        " arguments to FORMAT for pattern \"", text, "\"; Expected ",
                        pattern.arguments + 1, "; Got ", given + 1));
  }
  for (const Piece& piece : pattern.pieces) {
    for (int i = 0; i < piece.arguments(); ++i) {
      const int argument = piece.first_argument + i + 1;
      const TypeRef type = types[argument];
      const char specifier = i + 1 == piece.arguments() ? piece.specifier : 'd';
      const std::string_view wanted = Wanted(specifier, type);
      if (wanted.empty()) continue;
      return Wrong(StrCat("Invalid type for argument ", argument + 1, " to FORMAT; Expected ",
                          wanted, "; Got ", type->ToString()));
    }
  }
  return absl::OkStatus();
}

// ---- One row ----

// Text with width and precision, both in characters.
void AppendPadded(std::string_view text, const NumberStyle& style, std::string* out) {
  if (style.precision >= 0) text = text.substr(0, ByteOfCharacter(text, style.precision));
  const int64_t missing = style.width - CountCharacters(text);
  if (missing > 0 && !style.left) out->append(missing, ' ');
  out->append(text);
  if (missing > 0 && style.left) out->append(missing, ' ');
}

void AppendPiece(const Piece& piece, const NumberStyle& style, TypeRef type, const Datum& value,
                 std::string* out) {
  std::string text;
  switch (piece.specifier) {
    case 's':
      return AppendPadded(value.str(), style, out);
    case 'p':
      return AppendPadded(value.str(), style, out);
    case 'P':
      AppendPrettyJson(value.str(), &text);
      return AppendPadded(text, style, out);
    case 't':
    case 'T':
      AppendFormattedValue(type, value, piece.specifier == 'T', &text);
      return AppendPadded(text, style, out);
    default:
      return AppendFormattedNumber(piece.specifier, style, type, value, out);
  }
}

struct Row {
  Call& call;
  const Column* arguments;
  uint32_t row;
  const Datum& at(int argument) const { return arguments[argument + 1].at(row); }
  TypeRef type(int argument) const { return call.argument_types[argument + 1]; }
};

// nullopt: an argument that must have a value is NULL.
std::optional<std::string> FormatRow(const Pattern& pattern, const Row& row) {
  std::string out;
  for (const Piece& piece : pattern.pieces) {
    out += piece.text;
    if (piece.specifier == 0) continue;
    int argument = piece.first_argument;
    NumberStyle style = piece.style;
    for (const bool width : {true, false}) {
      if (width ? !piece.star_width : !piece.star_precision) continue;
      const Datum& star = row.at(argument++);
      if (star.null()) return std::nullopt;
      const int64_t limit = static_cast<int64_t>(kStringOutputBytesMax);
      const int number = static_cast<int>(std::clamp(star.int64(), -limit, limit));
      (width ? style.width : style.precision) = number;
    }
    if (style.width < 0) {
      style.left = true;
      style.width = -style.width;
    }
    const Datum& value = row.at(argument);
    if (value.null() && piece.specifier != 't' && piece.specifier != 'T') return std::nullopt;
    AppendPiece(piece, style, row.type(argument), value, &out);
    if (out.size() > kStringOutputBytesMax) break;
  }
  return out;
}

void FormatKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  std::string_view parsed_text;
  absl::StatusOr<Pattern> pattern = absl::InvalidArgumentError("not parsed");
  bool parsed = false;
  for (const uint32_t row : rows) {
    out[row] = Datum::Null();
    const Datum& text = arguments[0].at(row);
    if (text.null()) continue;
    if (!parsed || text.str() != parsed_text) {
      parsed = true;
      parsed_text = text.str();
      pattern = PatternParser(parsed_text).Parse();
      if (pattern.ok()) {
        absl::Status fits = CheckArguments(*pattern, parsed_text, call.argument_types);
        if (!fits.ok()) pattern = std::move(fits);
      }
    }
    if (!pattern.ok()) {
      // Only a pattern that is written in the statement makes the statement wrong.
      const absl::Status& wrong = pattern.status();
      const bool written = call.prepared != nullptr;
      call.context.Fail(row, written ? wrong : OutOfRange(View(wrong.message())));
      continue;
    }
    const std::optional<std::string> made = FormatRow(*pattern, {call, arguments, row});
    if (!made.has_value()) continue;
    if (made->size() > kStringOutputBytesMax) {
      call.context.Fail(row, StringTooLong("FORMAT"));
      continue;
    }
    out[row] = Datum::Str(call.context.arena.Copy(*made));
  }
}

struct WrittenPattern {};
absl::StatusOr<Prepared> PrepareFormat(absl::Span<const Value* const> constants) {
  if (constants.empty() || constants[0] == nullptr) return Prepared();
  return Prepared(std::make_shared<const WrittenPattern>());
}

Signature FormatSignature(bool with_values) {
  Signature s{.result = Type::String(), .arguments = {Type::String()}};
  if (with_values) s.arguments.push_back(ArgumentType::Pattern::kAnyType);
  s.repeated = with_values;
  s.nulls = NullHandling::kKernel;
  s.kernel = &FormatKernel;
  s.prepare = &PrepareFormat;
  return s;
}

}  // namespace

void AddFormat(FunctionRegistry& table) {
  table.Add("FORMAT", {FormatSignature(false), FormatSignature(true)});
}

}  // namespace ks::sql
