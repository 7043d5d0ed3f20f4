// Functions of STRING and BYTES that look at bytes or characters.
// https://cloud.google.com/spanner/docs/reference/standard-sql/string_functions
#include <algorithm>
#include <cstring>
#include <limits>

#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/letters.h"
#include "sql/functions/lift.h"
#include "sql/functions/limits.h"
#include "sql/functions/strings.h"
#include "sql/functions/table.h"
#include "sql/functions/utf8.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

// ---- $concat, CONCAT ----
void ConcatKernel(Call& call, Rows rows, const Column* arguments, Datum* out) {
  const size_t count = call.argument_types.size();
  Arena& arena = call.context.arena;
  for (const uint32_t row : rows) {
    size_t size = 0;
    for (size_t i = 0; i < count; ++i) size += arguments[i].at(row).str().size();
    char* const to = arena.Allocate(size);
    char* at = to;
    for (size_t i = 0; i < count; ++i) {
      const Text piece = arguments[i].at(row).str();
      if (!piece.empty()) std::memcpy(at, piece.data(), piece.size());
      at += piece.size();
    }
    out[row] = Datum::Str({to, size});
  }
}
Signature Concat(TypeRef type) {
  Signature s{.result = type, .arguments = {type}};
  s.kernel = &ConcatKernel;
  s.repeated = true;
  return s;
}

// ---- SUBSTR ----
// The half-open range of `count` units that SUBSTR's position (from 1; negative from the end)
// names.
struct Range {
  int64_t begin;
  int64_t end;
};
Range SubstrRange(int64_t count, int64_t position, int64_t length) {
  int64_t begin = position > 0 ? position - 1 : 0;
  if (position < 0) begin = position < -count ? 0 : count + position;
  if (begin >= count) return {count, count};
  return {begin, length > count - begin ? count : begin + length};
}

std::optional<Text> SubstrText(Scope& s, Text text, int64_t position,
                               std::optional<int64_t> length) {
  if (length.value_or(0) < 0)
    return s.Fail(OutOfRange("Third argument in SUBSTR() cannot be negative"));
  const int64_t most = length.value_or(std::numeric_limits<int64_t>::max());
  if (IsAscii(text)) {
    const Range r = SubstrRange(static_cast<int64_t>(text.size()), position, most);
    return text.substr(static_cast<size_t>(r.begin), static_cast<size_t>(r.end - r.begin));
  }
  const Range r = SubstrRange(CountCharacters(text), position, most);
  text.remove_prefix(ByteOfCharacter(text, r.begin));
  return text.substr(0, ByteOfCharacter(text, r.end - r.begin));
}

std::optional<BytesView> SubstrBytes(Scope& s, BytesView v, int64_t position,
                                     std::optional<int64_t> length) {
  if (length.value_or(0) < 0)
    return s.Fail(OutOfRange("Third argument in SUBSTR() cannot be negative"));
  const int64_t most = length.value_or(std::numeric_limits<int64_t>::max());
  const Range r = SubstrRange(static_cast<int64_t>(v.bytes.size()), position, most);
  return BytesView{
      v.bytes.substr(static_cast<size_t>(r.begin), static_cast<size_t>(r.end - r.begin))};
}

// ---- TRIM ----
enum class Side : uint8_t { kBoth, kLeft, kRight };

// The first and last characters are cut while `drop(code point)`.
template <typename Drop>
Text TrimText(Text text, Side side, Drop drop) {
  if (side != Side::kRight) {
    size_t at = 0;
    while (at < text.size()) {
      size_t next = at;
      if (!drop(ReadCodePoint(text, &next))) break;
      at = next;
    }
    text.remove_prefix(at);
  }
  if (side != Side::kLeft) {
    size_t end = text.size();
    while (end > 0) {
      size_t at = end - 1;
      while (at > 0 && IsContinuation(text[at])) --at;
      size_t next = at;
      if (!drop(ReadCodePoint(text, &next))) break;
      end = at;
    }
    text = text.substr(0, end);
  }
  return text;
}

bool HasCodePoint(Text set, uint32_t c) {
  for (size_t at = 0; at < set.size();) {
    if (ReadCodePoint(set, &at) == c) return true;
  }
  return false;
}

template <Side kSide>
std::vector<Signature> Trim() {
  return {
      Scalar([](Text text, std::optional<Text> set) -> Text {
        if (!set.has_value()) return TrimText(text, kSide, IsUnicodeSpace);
        return TrimText(text, kSide, [&](uint32_t c) { return HasCodePoint(*set, c); });
      }),
      Scalar([](BytesView v, BytesView set) -> BytesView {
        size_t begin = 0;
        size_t end = v.bytes.size();
        const auto drop = [&](char c) { return set.bytes.find(c) != Text::npos; };
        while (kSide != Side::kRight && begin < end && drop(v.bytes[begin])) ++begin;
        while (kSide != Side::kLeft && end > begin && drop(v.bytes[end - 1])) --end;
        return {v.bytes.substr(begin, end - begin)};
      }),
  };
}

// ---- STRPOS, STARTS_WITH, ENDS_WITH ----
std::vector<Signature> Strpos() {
  return {
      Scalar([](Text text, Text part) -> int64_t {
        const size_t at = text.find(part);
        return at == Text::npos ? 0 : CountCharacters(text.substr(0, at)) + 1;
      }),
      Scalar([](BytesView v, BytesView part) -> int64_t {
        const size_t at = v.bytes.find(part.bytes);
        return at == Text::npos ? 0 : static_cast<int64_t>(at) + 1;
      }),
  };
}
std::vector<Signature> StartsWith() {
  return {
      Scalar([](Text text, Text part) { return text.starts_with(part); }),
      Scalar([](BytesView v, BytesView part) { return v.bytes.starts_with(part.bytes); }),
  };
}
std::vector<Signature> EndsWith() {
  return {
      Scalar([](Text text, Text part) { return text.ends_with(part); }),
      Scalar([](BytesView v, BytesView part) { return v.bytes.ends_with(part.bytes); }),
  };
}

// ---- REPLACE, REPEAT, LPAD, RPAD, REVERSE ----
std::optional<Text> Replace(Scope& s, Text text, Text from, Text to) {
  if (from.empty()) return text;
  size_t count = 0;
  for (size_t at = text.find(from); at != Text::npos; at = text.find(from, at + from.size()))
    ++count;
  if (count == 0) return text;
  const size_t size = text.size() - count * from.size() + count * to.size();
  if (size > kStringOutputBytesMax) return s.Fail(StringTooLong("REPLACE"));
  char* const result = s.arena().Allocate(size);
  char* out = result;
  size_t done = 0;
  for (size_t at = text.find(from); at != Text::npos; at = text.find(from, done)) {
    out = std::copy(text.begin() + done, text.begin() + at, out);
    out = std::copy(to.begin(), to.end(), out);
    done = at + from.size();
  }
  std::copy(text.begin() + done, text.end(), out);
  return Text{result, size};
}

std::optional<Text> Repeat(Scope& s, Text text, int64_t times) {
  if (times < 0) {
    return s.Fail(OutOfRange("Second argument (repeat count) for REPEAT cannot be negative"));
  }
  if (text.empty() || times == 0) return Text{};
  if (static_cast<uint64_t>(times) > kStringOutputBytesMax / text.size()) {
    return s.Fail(StringTooLong("REPEAT"));
  }
  const size_t size = text.size() * static_cast<size_t>(times);
  char* const to = s.arena().Allocate(size);
  for (size_t at = 0; at < size; at += text.size()) std::memcpy(to + at, text.data(), text.size());
  return Text{to, size};
}

// `bytes_of(text, n)`: the bytes of the first n units.
template <bool kLeft, typename BytesOf, typename Count>
std::optional<Text> Pad(Scope& s, Text text, int64_t wanted, Text pattern, BytesOf bytes_of,
                        Count count_of) {
  if (wanted < 0) {
    return s.Fail(OutOfRange("Second argument (output size) for LPAD/RPAD cannot be negative"));
  }
  if (pattern.empty()) {
    return s.Fail(OutOfRange("Third argument (pad pattern) for LPAD/RPAD cannot be empty"));
  }
  const int64_t have = count_of(text);
  if (have >= wanted) return text.substr(0, bytes_of(text, wanted));
  const int64_t missing = wanted - have;
  const int64_t pattern_count = count_of(pattern);
  const Text last = pattern.substr(0, bytes_of(pattern, missing % pattern_count));
  if (missing > static_cast<int64_t>(kStringOutputBytesMax) ||
      text.size() + missing / pattern_count * pattern.size() + last.size() >
          kStringOutputBytesMax) {
    return s.Fail(StringTooLong("LPAD/RPAD"));
  }
  const size_t size = text.size() + missing / pattern_count * pattern.size() + last.size();
  char* const result = s.arena().Allocate(size);
  char* out = result;
  if (!kLeft) out = std::copy(text.begin(), text.end(), out);
  for (int64_t i = missing / pattern_count; i > 0; --i) {
    out = std::copy(pattern.begin(), pattern.end(), out);
  }
  out = std::copy(last.begin(), last.end(), out);
  if (kLeft) std::copy(text.begin(), text.end(), out);
  return Text{result, size};
}
template <bool kLeft>
std::vector<Signature> PadSignatures() {
  return {
      Scalar([](Scope& s, Text text, int64_t size, std::optional<Text> pattern) {
        return Pad<kLeft>(s, text, size, pattern.value_or(" "), ByteOfCharacter, CountCharacters);
      }),
      Scalar([](Scope& s, BytesView v, int64_t size,
                std::optional<BytesView> pattern) -> std::optional<BytesView> {
        const auto result = Pad<kLeft>(
            s, v.bytes, size, pattern.value_or(BytesView{" "}).bytes,
            [](Text t, int64_t n) { return std::min(t.size(), static_cast<size_t>(n)); },
            [](Text t) { return static_cast<int64_t>(t.size()); });
        if (!result.has_value()) return std::nullopt;
        return BytesView{*result};
      }),
  };
}

Text Reverse(Scope& s, Text text) {
  char* const result = s.arena().Allocate(text.size());
  char* out = result + text.size();
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterBytes(text[at]);
    out -= size;
    std::memcpy(out, text.data() + at, size);
    at += size;
  }
  return {result, text.size()};
}

// ---- SPLIT, SPLIT_SUBSTR ----
absl::Span<const Datum> SplitPieces(Arena& arena, Text text, Text separator, bool characters) {
  if (separator.empty()) {
    const size_t most = text.size();
    if (most == 0) return {new (arena.AllocateArray<Datum>(1)) Datum(Datum::Str(text)), 1};
    Datum* const pieces = arena.AllocateArray<Datum>(most);
    size_t count = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t size = characters ? CharacterBytes(text[at]) : 1;
      pieces[count++] = Datum::Str(text.substr(at, size));
      at += size;
    }
    return {pieces, count};
  }
  size_t count = 1;
  for (size_t at = text.find(separator); at != Text::npos;
       at = text.find(separator, at + separator.size())) {
    ++count;
  }
  Datum* const pieces = arena.AllocateArray<Datum>(count);
  size_t begin = 0;
  for (size_t i = 0; i + 1 < count; ++i) {
    const size_t at = text.find(separator, begin);
    pieces[i] = Datum::Str(text.substr(begin, at - begin));
    begin = at + separator.size();
  }
  pieces[count - 1] = Datum::Str(text.substr(begin));
  return {pieces, count};
}

// SPLIT_SUBSTR(value, delimiter, start, count): pieces start… joined by the delimiter.
std::optional<Text> SplitSubstr(Scope& s, Text text, Text separator, int64_t start,
                                std::optional<int64_t> count) {
  if (count.value_or(0) < 0) {
    return s.Fail(OutOfRange("Fourth argument (count) for SPLIT_SUBSTR cannot be negative"));
  }
  if (separator.empty()) {
    return s.Fail(OutOfRange("Second argument (delimiter) for SPLIT_SUBSTR cannot be empty"));
  }
  const auto pieces = SplitPieces(s.arena(), text, separator, true);
  const int64_t have = static_cast<int64_t>(pieces.size());
  const Range r = SubstrRange(have, start, count.value_or(std::numeric_limits<int64_t>::max()));
  if (r.begin >= r.end) return Text{};
  const Text first = pieces[static_cast<size_t>(r.begin)].str();
  const Text last = pieces[static_cast<size_t>(r.end - 1)].str();
  return Text(first.data(), static_cast<size_t>(last.data() + last.size() - first.data()));
}

void AddSlicing(FunctionRegistry& table) {
  table.Add("SUBSTR", {Scalar([](Scope& s, Text t, int64_t p, std::optional<int64_t> n) {
                         return SubstrText(s, t, p, n);
                       }),
                       Scalar([](Scope& s, BytesView v, int64_t p, std::optional<int64_t> n) {
                         return SubstrBytes(s, v, p, n);
                       })});
  table.Alias("SUBSTRING", "SUBSTR");
  table.Add("TRIM", Trim<Side::kBoth>());
  table.Add("LTRIM", Trim<Side::kLeft>());
  table.Add("RTRIM", Trim<Side::kRight>());
  table.Add("SPLIT",
            {Scalar([](Scope& s, Text t, std::optional<Text> separator) -> ArrayView<Text> {
               return {SplitPieces(s.arena(), t, separator.value_or(","), true)};
             }),
             Scalar([](Scope& s, BytesView v, BytesView separator) -> ArrayView<BytesView> {
               return {SplitPieces(s.arena(), v.bytes, separator.bytes, false)};
             })});
  table.Add("SPLIT_SUBSTR",
            {Scalar([](Scope& s, Text t, Text separator, int64_t start, std::optional<int64_t> n) {
              return SplitSubstr(s, t, separator, start, n);
            })});
  table.Add("STRPOS", Strpos());
  table.Add("STARTS_WITH", StartsWith());
  table.Add("ENDS_WITH", EndsWith());
}

std::vector<Signature> ByteLength() {
  return {Scalar([](Text t) { return static_cast<int64_t>(t.size()); }),
          Scalar([](BytesView v) { return static_cast<int64_t>(v.bytes.size()); })};
}

template <auto kText>
Signature OnBytes() {
  return Scalar([](Scope& s, BytesView a, BytesView b, BytesView c) -> std::optional<BytesView> {
    const std::optional<Text> result = kText(s, a.bytes, b.bytes, c.bytes);
    if (!result.has_value()) return std::nullopt;
    return BytesView{*result};
  });
}

void AddBuilding(FunctionRegistry& table) {
  table.Add("CONCAT", {Concat(Type::String()), Concat(Type::Bytes())});
  table.Add("REPLACE",
            {Scalar([](Scope& s, Text a, Text b, Text c) { return Replace(s, a, b, c); }),
             OnBytes<&Replace>()});
  table.Add("REPEAT", {Scalar([](Scope& s, Text t, int64_t n) { return Repeat(s, t, n); }),
                       Scalar([](Scope& s, BytesView v, int64_t n) -> std::optional<BytesView> {
                         const std::optional<Text> result = Repeat(s, v.bytes, n);
                         if (!result.has_value()) return std::nullopt;
                         return BytesView{*result};
                       })});
  table.Add("LPAD", PadSignatures<true>());
  table.Add("RPAD", PadSignatures<false>());
  table.Add("REVERSE", {Scalar([](Scope& s, Text t) { return Reverse(s, t); }),
                        Scalar([](Scope& s, BytesView v) -> BytesView {
                          char* const to = s.arena().Allocate(v.bytes.size());
                          std::reverse_copy(v.bytes.begin(), v.bytes.end(), to);
                          return {{to, v.bytes.size()}};
                        })});
}

}  // namespace

Signature ConcatSignature(TypeRef type) { return Concat(type); }

void AddString(FunctionRegistry& table) {
  table.Add("LENGTH", {Scalar([](Text t) { return CountCharacters(t); }),
                       Scalar([](BytesView v) { return static_cast<int64_t>(v.bytes.size()); })});
  table.Add("CHAR_LENGTH", {Scalar([](Text t) { return CountCharacters(t); })});
  table.Alias("CHARACTER_LENGTH", "CHAR_LENGTH");
  table.Add("BYTE_LENGTH", ByteLength());
  table.Alias("OCTET_LENGTH", "BYTE_LENGTH");
  AddSlicing(table);
  AddBuilding(table);
}

}  // namespace ks::sql
