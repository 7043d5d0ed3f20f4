// Functions of STRING that look at letters: case, code points, normal forms, sound.
// https://cloud.google.com/spanner/docs/reference/standard-sql/string_functions
#include <cstring>
#include <optional>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/letters.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"
#include "sql/functions/utf8.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

// ---- UPPER, LOWER ----
template <bool kUpper>
Text AsciiCase(Arena& arena, Text text) {
  char* const to = arena.Allocate(text.size());
  for (size_t i = 0; i < text.size(); ++i) {  // without branches, so that it is done 16 at a time
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const unsigned char first = kUpper ? 'a' : 'A';
    const bool letter = static_cast<unsigned char>(c - first) < 26;
    to[i] = static_cast<char>(c ^ (letter ? 0x20 : 0));
  }
  return {to, text.size()};
}
template <bool kUpper>
std::vector<Signature> Case() {
  return {
      Scalar([](Scope& s, Text text) -> Text {
        if (IsAscii(text)) [[likely]]
          return AsciiCase<kUpper>(s.arena(), text);
        return s.arena().Copy(kUpper ? UnicodeUpper(text) : UnicodeLower(text));
      }),
      Scalar(
          [](Scope& s, BytesView v) { return BytesView{AsciiCase<kUpper>(s.arena(), v.bytes)}; }),
  };
}

// ---- Code points ----
std::optional<Text> CodePointsToString(Scope& s, ArrayView<int64_t> points) {
  char* const to = s.arena().Allocate(points.elements.size() * 4);
  size_t size = 0;
  for (const Datum& point : points.elements) {
    if (point.null()) return std::nullopt;
    if (!IsValidCodePoint(point.int64())) {
      return s.Fail(OutOfRange(StrCat("Invalid codepoint ", point.int64())));
    }
    size += WriteCodePoint(static_cast<uint32_t>(point.int64()), to + size);
  }
  return Text{to, size};
}
std::optional<BytesView> CodePointsToBytes(Scope& s, ArrayView<int64_t> points) {
  char* const to = s.arena().Allocate(points.elements.size());
  size_t size = 0;
  for (const Datum& point : points.elements) {
    if (point.null()) return std::nullopt;
    if (point.int64() < 0 || point.int64() > 255) {
      return s.Fail(OutOfRange(StrCat("Invalid ASCII value ", point.int64())));
    }
    to[size++] = static_cast<char>(point.int64());
  }
  return BytesView{{to, size}};
}
ArrayView<int64_t> ToCodePoints(Scope& s, Text text) {
  Datum* const points = s.arena().AllocateArray<Datum>(text.size());
  size_t count = 0;
  for (size_t at = 0; at < text.size();) points[count++] = Datum::Int64(ReadCodePoint(text, &at));
  return {{points, count}};
}
ArrayView<int64_t> BytesToCodePoints(Scope& s, BytesView v) {
  Datum* const points = s.arena().AllocateArray<Datum>(v.bytes.size());
  for (size_t i = 0; i < v.bytes.size(); ++i) {
    points[i] = Datum::Int64(static_cast<unsigned char>(v.bytes[i]));
  }
  return {{points, v.bytes.size()}};
}

// Each malformed byte becomes U+FFFD.
Text SafeConvertBytes(Scope& s, BytesView v) {
  if (IsValidUtf8(v.bytes)) return v.bytes;
  std::string text;
  for (size_t at = 0; at < v.bytes.size();) {
    const size_t size = WellFormedBytes(v.bytes, at);
    if (size == 0) {
      text += "\xEF\xBF\xBD";
      ++at;
    } else {
      text.append(v.bytes, at, size);
      at += size;
    }
  }
  return s.arena().Copy(text);
}

// ---- NORMALIZE ----
std::optional<NormalForm> FindNormalForm(Text name) {
  if (name == "NFC") return NormalForm::kNfc;
  if (name == "NFKC") return NormalForm::kNfkc;
  if (name == "NFD") return NormalForm::kNfd;
  if (name == "NFKD") return NormalForm::kNfkd;
  return std::nullopt;
}
template <bool kFold>
Signature NormalizeSignature() {
  return Scalar([](Scope& s, Text text, std::optional<Text> form_name) -> std::optional<Text> {
    const std::optional<NormalForm> form = FindNormalForm(form_name.value_or("NFC"));
    if (!form.has_value()) return s.Fail(OutOfRange("Argument is not a valid NORMALIZE mode"));
    return s.arena().Copy(Normalize(text, *form, kFold));
  });
}

// ---- SOUNDEX: a letter and three digits for the consonants that follow ----
char SoundexDigit(char upper) {
  constexpr std::string_view kDigits = "01230120022455012623010202";  // A to Z; 0: not coded
  return kDigits[static_cast<size_t>(upper - 'A')];
}
Text Soundex(Scope& s, Text text) {
  char* const to = s.arena().Allocate(4);
  size_t size = 0;
  char last = '0';
  for (const char c : text) {
    const bool lower = c >= 'a' && c <= 'z';
    if (!lower && !(c >= 'A' && c <= 'Z')) continue;
    const char upper = lower ? static_cast<char>(c - 32) : c;
    const char digit = SoundexDigit(upper);
    if (size == 0) {
      to[size++] = c;
    } else if (digit != '0' && digit != last) {
      to[size++] = digit;
    }
    if (size == 4) break;
    if (digit != '0' || size == 1) last = digit;  // vowels do not part equal neighbours
  }
  if (size == 0) return {};
  while (size < 4) to[size++] = '0';
  return {to, size};
}

}  // namespace

void AddText(FunctionRegistry& table) {
  table.Add("UPPER", Case<true>());
  table.Add("LOWER", Case<false>());
  table.Alias("UCASE", "UPPER");
  table.Alias("LCASE", "LOWER");
  table.Add("CODE_POINTS_TO_STRING",
            {Scalar([](Scope& s, ArrayView<int64_t> p) { return CodePointsToString(s, p); })});
  table.Add("CODE_POINTS_TO_BYTES",
            {Scalar([](Scope& s, ArrayView<int64_t> p) { return CodePointsToBytes(s, p); })});
  table.Add("TO_CODE_POINTS",
            {Scalar([](Scope& s, Text t) { return ToCodePoints(s, t); }),
             Scalar([](Scope& s, BytesView v) { return BytesToCodePoints(s, v); })});
  table.Add("SAFE_CONVERT_BYTES_TO_STRING",
            {Scalar([](Scope& s, BytesView v) { return SafeConvertBytes(s, v); })});
  table.Add("NORMALIZE", {NormalizeSignature<false>()});
  table.Add("NORMALIZE_AND_CASEFOLD", {NormalizeSignature<true>()});
  table.Add("$collation_key", {Scalar([](Scope& s, Text text, Text collation) {
              const std::string_view fault = CollationFault(collation);
              if (!fault.empty()) {
                s.Fail(OutOfRange(
                    StrCat("COLLATE has invalid collation name '", collation, "':", fault)));
                return BytesView{};
              }
              return BytesView{s.arena().Copy(CollationKey(text, collation))};
            })});
  table.Add("SOUNDEX", {Scalar([](Scope& s, Text t) { return Soundex(s, t); })});
}

}  // namespace ks::sql
