// LIKE and the REGEXP functions, over RE2.
//
// A constant pattern is compiled once for the statement (`prepare`), others once per batch and
// pattern. A pattern that does not compile is an error of the rows that use it, so that SAFE. can
// catch it.
// https://cloud.google.com/spanner/docs/reference/standard-sql/string_functions#regexp_contains
#include <re2/re2.h>

#include <memory>

#include "base/str_cat.h"
#include "base/string_map.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/like.h"
#include "sql/functions/limits.h"
#include "sql/functions/table.h"
#include "sql/functions/utf8.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

re2::StringPiece Piece(Text text) { return {text.data(), text.size()}; }
Text View(re2::StringPiece piece) { return {piece.data(), piece.size()}; }

template <typename T>
Text Raw(T v) {
  if constexpr (std::is_same_v<T, BytesView>) {
    return v.bytes;
  } else {
    return v;
  }
}
template <typename T>
T Wrap(Text text) {
  return T{text};
}

std::unique_ptr<const RE2> Compile(Text pattern, bool bytes) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexpMemoryBytesMax);
  options.set_encoding(bytes ? RE2::Options::EncodingLatin1 : RE2::Options::EncodingUTF8);
  return std::make_unique<const RE2>(Piece(pattern), options);
}

template <bool kBytes>
absl::StatusOr<Prepared> PrepareRegexp(absl::Span<const Value* const> constants) {
  if (constants.size() < 2 || constants[1] == nullptr || constants[1]->null()) return Prepared();
  return Prepared(std::shared_ptr<const RE2>(Compile(constants[1]->datum().str(), kBytes)));
}

// The compiled pattern of each row.
template <typename T>
struct Patterns {
  explicit Patterns(Call& call) : prepared(static_cast<const RE2*>(call.prepared)) {}
  const RE2* prepared;
  StringMap<std::unique_ptr<const RE2>> compiled;

  // Null when it does not compile: the row is marked.
  const RE2* Get(Scope& s, T pattern) {
    const RE2* regexp = prepared;
    if (regexp == nullptr) [[unlikely]]
      regexp = Find(Raw(pattern));
    if (regexp->ok()) [[likely]]
      return regexp;
    s.Fail(OutOfRange(StrCat("Cannot parse regular expression: ", regexp->error())));
    return nullptr;
  }
  const RE2* Find(Text pattern) {
    auto it = compiled.find(pattern);
    if (it != compiled.end()) return it->second.get();
    if (compiled.size() >= kRegexpsKeptMax) compiled.clear();
    auto made = Compile(pattern, std::is_same_v<T, BytesView>);
    return compiled.emplace(std::string(pattern), std::move(made)).first->second.get();
  }
};

template <typename T>
struct RegexpContains : Patterns<T> {
  using Patterns<T>::Patterns;
  std::optional<bool> operator()(Scope& s, T value, T pattern) {
    const RE2* const regexp = this->Get(s, pattern);
    if (regexp == nullptr) [[unlikely]]
      return std::nullopt;
    return RE2::PartialMatch(Piece(Raw(value)), *regexp);
  }
};

absl::Status TooManyGroups() {
  return OutOfRange(
      "Regular expressions passed into extraction functions must not have more than 1 capturing "
      "group");
}

// Walks over the matches in a text; an empty match moves on by one character.
class Matches {
 public:
  Matches(const RE2& regexp, Text text, size_t from, bool bytes)
      // A group without data took no part: an empty text must have some.
      : regexp_(regexp),
        text_(text.data() == nullptr ? Text("") : text),
        at_(from),
        bytes_(bytes) {}
  // The group (or the whole match when there is none); false at the end. A group that took no part
  // has no data.
  bool Next(re2::StringPiece* whole, re2::StringPiece* group) {
    if (at_ > text_.size() || (any_ && at_ == text_.size())) return false;
    re2::StringPiece found[2];
    const int wanted = regexp_.NumberOfCapturingGroups() == 0 ? 1 : 2;
    if (!regexp_.Match(Piece(text_), at_, text_.size(), RE2::UNANCHORED, found, wanted))
      return false;
    any_ = true;
    *whole = found[0];
    *group = found[wanted - 1];
    const size_t begin = static_cast<size_t>(found[0].data() - text_.data());
    at_ = begin + found[0].size();
    if (found[0].empty()) {
      at_ += at_ < text_.size() && !bytes_ ? CharacterBytes(text_[at_]) : 1;
    }
    return true;
  }

 private:
  const RE2& regexp_;
  const Text text_;
  size_t at_;
  const bool bytes_;
  bool any_ = false;
};

template <typename T>
struct RegexpExtract : Patterns<T> {
  using Patterns<T>::Patterns;
  std::optional<T> operator()(Scope& s, T value, T pattern) {
    const RE2* const regexp = this->Get(s, pattern);
    if (regexp == nullptr) return std::nullopt;
    if (regexp->NumberOfCapturingGroups() > 1) return s.Fail(TooManyGroups());
    Matches matches(*regexp, Raw(value), 0, std::is_same_v<T, BytesView>);
    re2::StringPiece whole;
    re2::StringPiece group;
    if (!matches.Next(&whole, &group) || group.data() == nullptr) return std::nullopt;
    return Wrap<T>(View(group));
  }
};

template <typename T>
struct RegexpExtractAll : Patterns<T> {
  using Patterns<T>::Patterns;
  std::vector<Datum> found;
  std::optional<ArrayView<T>> operator()(Scope& s, T value, T pattern) {
    const RE2* const regexp = this->Get(s, pattern);
    if (regexp == nullptr) return std::nullopt;
    if (regexp->NumberOfCapturingGroups() > 1) return s.Fail(TooManyGroups());
    found.clear();
    Matches matches(*regexp, Raw(value), 0, std::is_same_v<T, BytesView>);
    re2::StringPiece whole;
    re2::StringPiece group;
    while (matches.Next(&whole, &group)) {
      found.push_back(group.data() == nullptr ? Datum::Str("") : Datum::Str(View(group)));
    }
    Datum* const elements = s.arena().template AllocateArray<Datum>(found.size());
    std::copy(found.begin(), found.end(), elements);
    return ArrayView<T>{{elements, found.size()}};
  }
};

// The rewrite of REGEXP_REPLACE with \0 to \9 filled in from `groups`.
void AppendRewrite(Text rewrite, const std::vector<re2::StringPiece>& groups, std::string* out) {
  for (size_t i = 0; i < rewrite.size(); ++i) {
    if (rewrite[i] != '\\') {
      out->push_back(rewrite[i]);
      continue;
    }
    const char next = rewrite[++i];  // CheckRewriteString has seen that it is there
    if (next == '\\') {
      out->push_back('\\');
    } else {
      out->append(View(groups[static_cast<size_t>(next - '0')]));
    }
  }
}

template <typename T>
struct RegexpReplace : Patterns<T> {
  using Patterns<T>::Patterns;
  std::optional<T> operator()(Scope& s, T value, T pattern, T rewrite) {
    const RE2* const regexp = this->Get(s, pattern);
    if (regexp == nullptr) return std::nullopt;
    std::string why;
    if (!regexp->CheckRewriteString(Piece(Raw(rewrite)), &why)) {
      return s.Fail(OutOfRange(StrCat("Invalid REGEXP_REPLACE pattern: ", why)));
    }
    const Text text = Raw(value);
    std::vector<re2::StringPiece> groups(static_cast<size_t>(regexp->NumberOfCapturingGroups()) +
                                         1);
    std::string result;
    size_t done = 0;
    size_t at = 0;
    size_t last_end = Text::npos;  // of the last match that was not empty
    bool any = false;
    while (at <= text.size() && regexp->Match(Piece(text), at, text.size(), RE2::UNANCHORED,
                                              groups.data(), static_cast<int>(groups.size()))) {
      const size_t begin = static_cast<size_t>(groups[0].data() - text.data());
      result.append(text, done, begin - done);
      // An empty match right behind the last one is none.
      const bool behind = groups[0].empty() && begin == last_end;
      if (!behind) AppendRewrite(Raw(rewrite), groups, &result);
      done = begin + groups[0].size();
      if (!groups[0].empty()) last_end = done;
      at = done;
      any = true;
      if (!groups[0].empty()) continue;
      const size_t step =
          std::is_same_v<T, BytesView> || at >= text.size() ? 1 : CharacterBytes(text[at]);
      if (at < text.size()) result.append(text, at, step);
      at += step;
      done = std::min(at, text.size());
    }
    if (!any) return value;
    result.append(text, done);
    return Wrap<T>(s.arena().Copy(result));
  }
};

// ---- LIKE ----
template <typename T>
absl::StatusOr<Prepared> PrepareLike(absl::Span<const Value* const> constants) {
  if (constants[1] == nullptr || constants[1]->null()) return Prepared();
  return Prepared(std::make_shared<const LikePattern>(constants[1]->datum().str(),
                                                      std::is_same_v<T, BytesView>));
}
template <typename T>
struct Like {
  explicit Like(Call& call) : pattern(static_cast<const LikePattern*>(call.prepared)) {}
  const LikePattern* pattern;
  std::optional<bool> operator()(Scope& s, T value, T pattern_text) {
    if (pattern != nullptr) [[likely]]
      return Matched(s, *pattern, Raw(value));
    return Matched(s, LikePattern(Raw(pattern_text), std::is_same_v<T, BytesView>), Raw(value));
  }
  static std::optional<bool> Matched(Scope& s, const LikePattern& pattern, Text value) {
    if (!pattern.valid()) {
      return s.Fail(OutOfRange("LIKE pattern ends with a backslash"));
    }
    return pattern.Matches(value);
  }
};

template <template <typename> typename F>
std::vector<Signature> Both() {
  return {With(ScalarOf<F<std::string_view>>(), &PrepareRegexp<false>),
          With(ScalarOf<F<BytesView>>(), &PrepareRegexp<true>)};
}

}  // namespace

void AddRegexp(FunctionRegistry& table) {
  table.Add("REGEXP_CONTAINS", Both<RegexpContains>());
  table.Add("REGEXP_EXTRACT", Both<RegexpExtract>());
  table.Add("REGEXP_EXTRACT_ALL", Both<RegexpExtractAll>());
  table.Add("REGEXP_REPLACE", Both<RegexpReplace>());
  table.Add("$like", {With(ScalarOf<Like<std::string_view>>(), &PrepareLike<std::string_view>),
                      With(ScalarOf<Like<BytesView>>(), &PrepareLike<BytesView>)});
}

}  // namespace ks::sql
