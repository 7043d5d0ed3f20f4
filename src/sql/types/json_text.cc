#include "sql/types/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sql/types/errors.h"
#include "sql/types/limits.h"
#include "sql/types/value.h"

namespace ks::sql {
namespace {

// The significant digits of a number and where its point is: 0.d1d2… * 10^point.
struct Digits {
  std::string digits;  // no zeros at either end; empty for zero
  int64_t point = 0;
};

// Of a JSON number, without its sign.
Digits DigitsOf(std::string_view number) {
  Digits result;
  bool fraction = false;
  size_t at = !number.empty() && number[0] == '-' ? 1 : 0;
  for (; at < number.size() && number[at] != 'e' && number[at] != 'E'; ++at) {
    if (number[at] == '.') {
      fraction = true;
      continue;
    }
    const bool leading_zero = result.digits.empty() && number[at] == '0';
    if (!leading_zero) result.digits.push_back(number[at]);
    if (!fraction && !leading_zero) ++result.point;
    if (fraction && leading_zero) --result.point;
  }
  if (at < number.size()) {
    ++at;
    if (at < number.size() && number[at] == '+') ++at;
    int64_t exponent = 0;
    std::from_chars(number.data() + at, number.data() + number.size(), exponent);
    result.point += exponent;
  }
  while (!result.digits.empty() && result.digits.back() == '0') result.digits.pop_back();
  if (result.digits.empty()) result.point = 0;
  return result;
}

// One object or array that is open while its text is written.
struct Member {
  std::string key;
  size_t begin;  // of `"key":value` in the output
  size_t end;
};
struct Frame {
  bool object;
  size_t begin;  // first byte after the bracket
  bool sorted = true;
  std::vector<Member> members;  // of an object
};

// Receives nlohmann's events and writes normalized text.
class Normalizer {
 public:
  Normalizer(WideNumbers wide, std::string* out) : wide_(wide), out_(*out) {}

  absl::Status status;

  bool null() { return Scalar("null"); }
  bool boolean(bool value) { return Scalar(value ? "true" : "false"); }
  bool number_integer(int64_t value) {
    Begin();
    absl::StrAppend(&out_, value);
    return true;
  }
  bool number_unsigned(uint64_t value) {
    Begin();
    absl::StrAppend(&out_, value);
    return true;
  }
  bool number_float(double value, const std::string& text) {
    Begin();
    const size_t begin = out_.size();
    AppendJsonFloat64(value, &out_);
    if (wide_ == WideNumbers::kRound) return true;
    const Digits given = DigitsOf(text);
    const Digits printed = DigitsOf(std::string_view(out_).substr(begin));
    if (given.digits == printed.digits && given.point == printed.point) return true;
    status = JsonNumberNotExact(text);
    return false;
  }
  bool string(std::string& value) {
    Begin();
    AppendJsonString(value, &out_);
    return true;
  }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(size_t) { return Open(true); }
  bool start_array(size_t) { return Open(false); }
  bool key(std::string& name) {
    Frame& frame = frames_.back();
    CloseMember(frame);
    if (!frame.members.empty() && frame.members.back().key >= name) frame.sorted = false;
    if (!frame.members.empty()) out_.push_back(',');
    frame.members.push_back({name, out_.size(), 0});
    AppendJsonString(name, &out_);
    out_.push_back(':');
    return true;
  }
  bool end_object() {
    Frame& frame = frames_.back();
    CloseMember(frame);
    if (!frame.sorted) SortMembers(frame);
    out_.push_back('}');
    frames_.pop_back();
    return true;
  }
  bool end_array() {
    out_.push_back(']');
    frames_.pop_back();
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) {
    status = InvalidJson(WithoutPrefix(error.what()));
    return false;
  }

 private:
  // `[json.exception.parse_error.101] parse error at line 1, column 2: why` -> `why`
  static std::string_view WithoutPrefix(std::string_view text) {
    if (const size_t bracket = text.find("] "); text.front() == '[' && bracket != text.npos) {
      text.remove_prefix(bracket + 2);
    }
    if (text.starts_with("parse error")) {
      if (const size_t colon = text.find(": "); colon != text.npos) text.remove_prefix(colon + 2);
    }
    return text;
  }

  // Writes the comma before an array's next element.
  void Begin() {
    if (frames_.empty() || frames_.back().object) return;
    if (out_.size() > frames_.back().begin) out_.push_back(',');
  }
  bool Scalar(std::string_view text) {
    Begin();
    out_.append(text);
    return true;
  }
  bool Open(bool object) {
    if (frames_.size() >= kJsonNestingMax) {
      status = JsonTooDeep();
      return false;
    }
    Begin();
    out_.push_back(object ? '{' : '[');
    frames_.push_back({object, out_.size(), true, {}});
    return true;
  }
  void CloseMember(Frame& frame) {
    if (!frame.members.empty() && frame.members.back().end == 0)
      frame.members.back().end = out_.size();
  }
  // Writes the object's members again in the order of their keys; of equal keys the first stays.
  void SortMembers(Frame& frame) {
    auto& members = frame.members;
    std::stable_sort(members.begin(), members.end(),
                     [](const Member& a, const Member& b) { return a.key < b.key; });
    std::string sorted;
    sorted.reserve(out_.size() - frame.begin);
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0 && members[i].key == members[i - 1].key) continue;
      if (!sorted.empty()) sorted.push_back(',');
      sorted.append(out_, members[i].begin, members[i].end - members[i].begin);
    }
    out_.resize(frame.begin);
    out_.append(sorted);
  }

  const WideNumbers wide_;
  std::string& out_;
  std::vector<Frame> frames_;
};

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  for (char c : text) {
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\b':
        out->append("\\b");
        break;
      case '\f':
        out->append("\\f");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out->append("\\u00");
          out->push_back(c < 0x10 ? '0' : '1');
          out->push_back("0123456789abcdef"[c & 15]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

void AppendJsonFloat64(double v, std::string* out) {
  if (!std::isfinite(v)) {
    out->append(std::isnan(v) ? "\"NaN\"" : (v > 0 ? "\"Infinity\"" : "\"-Infinity\""));
    return;
  }
  // The library that Spanner prints JSON with: its digits differ from std::to_chars where two are
  // equally near.
  out->append(nlohmann::json(v).dump());
}

absl::Status AppendNormalizedJson(std::string_view text, WideNumbers wide, std::string* out) {
  Normalizer normalizer(wide, out);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &normalizer)) return absl::OkStatus();
  if (normalizer.status.ok()) return InvalidJson("syntax error");
  return normalizer.status;
}

absl::StatusOr<std::string> NormalizeJson(std::string_view text) {
  std::string normalized;
  normalized.reserve(text.size());
  absl::Status status = AppendNormalizedJson(text, WideNumbers::kExact, &normalized);
  if (!status.ok()) return status;
  return normalized;
}

}  // namespace ks::sql
