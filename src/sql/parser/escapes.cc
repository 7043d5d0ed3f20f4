#include "sql/parser/escapes.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace ks::sql {
namespace {

constexpr uint32_t kCodePointMax = 0x10FFFF;

absl::Status Illegal(const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("Illegal escape sequence: ", what));
}

void AppendUtf8(uint32_t c, std::string* out) {
  const auto tail = [&](int shift) {
    out->push_back(static_cast<char>(0x80 | (c >> shift & 0x3F)));
  };
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xC0 | c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | c >> 12));
    tail(6);
    tail(0);
  } else {
    out->push_back(static_cast<char>(0xF0 | c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// \a \n … to one character; 0 when `c` is none of them.
char SimpleEscape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '?':
    case '"':
    case '\'':
    case '`':
      return c;
    default:
      return '\0';
  }
}

// Reads exactly `count` hexadecimal digits at `at`.
bool ReadHex(std::string_view body, size_t at, size_t count, uint32_t* value) {
  const std::string_view digits = body.substr(std::min(at, body.size()), count);
  if (digits.size() != count) return false;
  *value = 0;
  for (char c : digits) {
    if (!absl::ascii_isxdigit(c)) return false;
    const char lower = absl::ascii_tolower(c);
    *value =
        *value << 4 | static_cast<uint32_t>(absl::ascii_isdigit(c) ? c - '0' : lower - 'a' + 10);
  }
  return true;
}

class Unescaper {
 public:
  Unescaper(std::string_view body, EscapeRules rules, std::string* out)
      : body_(body), rules_(rules), out_(*out) {}

  size_t at() const { return at_; }

  absl::Status Run() {
    out_.reserve(body_.size());
    while (at_ < body_.size()) {
      const char c = body_[at_];
      if (c == '\r') {
        out_.push_back('\n');
        at_ += body_.substr(at_, 2) == "\r\n" ? 2 : 1;
      } else if (c != '\\') {
        out_.push_back(c);
        ++at_;
      } else if (rules_.raw) {
        out_.append(body_.substr(at_, 2));
        at_ += 2;
      } else if (absl::Status status = Escape(); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Escape() {
    if (at_ + 1 >= body_.size()) return Illegal("\\");
    const char c = body_[at_ + 1];
    if (const char simple = SimpleEscape(c); simple != '\0') {
      out_.push_back(simple);
      at_ += 2;
      return absl::OkStatus();
    }
    if (c == 'x' || c == 'X') return HexEscape();
    if (c >= '0' && c <= '3') return OctalEscape();
    if (c == 'u' || c == 'U') return UnicodeEscape(c == 'u' ? 4 : 8);
    if (c == '\n' || c == '\r') return Illegal("escaped newline");
    return Illegal(std::string(Shown(2)));
  }

  std::string_view Shown(size_t length) const { return body_.substr(at_, length); }

  void Character(uint32_t value) {
    if (rules_.bytes) {
      out_.push_back(static_cast<char>(value));
    } else {
      AppendUtf8(value, &out_);
    }
  }

  absl::Status HexEscape() {
    uint32_t value = 0;
    if (!ReadHex(body_, at_ + 2, 2, &value)) {
      return Illegal(absl::StrCat("Hex escape must be followed by 2 hex digits but saw: ",
                                  std::string(Shown(4))));
    }
    Character(value);
    at_ += 4;
    return absl::OkStatus();
  }

  absl::Status OctalEscape() {
    uint32_t value = 0;
    for (size_t i = 1; i <= 3; ++i) {
      const char c = at_ + i < body_.size() ? body_[at_ + i] : '\0';
      if (c < '0' || c > '7') {
        return Illegal(absl::StrCat("Octal escape must be followed by 3 octal digits but saw: ",
                                    std::string(Shown(4))));
      }
      value = value * 8 + static_cast<uint32_t>(c - '0');
    }
    Character(value);
    at_ += 4;
    return absl::OkStatus();
  }

  absl::Status UnicodeEscape(size_t digits) {
    const std::string name = digits == 4 ? "\\u" : "\\U";
    if (rules_.bytes) {
      return Illegal(
          absl::StrCat("Unicode escape sequence ", name, " cannot be used in bytes literals"));
    }
    uint32_t value = 0;
    const std::string shown(Shown(2 + digits));
    if (!ReadHex(body_, at_ + 2, digits, &value)) {
      return Illegal(
          absl::StrCat(name, " must be followed by ", digits, " hex digits but saw: ", shown));
    }
    if (value > kCodePointMax) {
      return Illegal(absl::StrCat("Value of ", shown, " exceeds Unicode limit (0x0010FFFF)"));
    }
    if (value >= 0xD800 && value <= 0xDFFF) {
      return Illegal(absl::StrCat("Unicode value ", shown, " is invalid"));
    }
    AppendUtf8(value, &out_);
    at_ += 2 + digits;
    return absl::OkStatus();
  }

  const std::string_view body_;
  const EscapeRules rules_;
  std::string& out_;
  size_t at_ = 0;
};

}  // namespace

absl::Status Unescape(std::string_view body, EscapeRules rules, std::string* out,
                      size_t* error_at) {
  out->clear();
  Unescaper unescaper(body, rules, out);
  absl::Status status = unescaper.Run();
  *error_at = unescaper.at();
  return status;
}

}  // namespace ks::sql
