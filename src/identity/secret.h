// Secret: a password, token or key in memory. It never prints: streams, gtest and absl::StrFormat
// show `[secret]`, absl::StrCat does not take it, and its bytes are wiped when it goes.
//
// The one way to the value is Reveal(): grep for it to see every place that hands a secret on.
// Tests: secret_test.cc. Thread safety: that of a value.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace ks::identity {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.Wipe(); }
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() { Wipe(); }

  // For the call that hands it to the one who checks it, and for nothing else.
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  bool operator==(const Secret& other) const = default;

  // Enough to tell two secrets apart in a log, and nothing to guess from: 12 hexadecimal digits
  // of an HMAC under a key that this process made up and forgets.
  std::string Fingerprint() const;

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "[secret]"; }

 private:
  void Wipe();

  std::string value_;
};

// Editors end a file with a new line that is no part of the secret.
std::string WithoutLineEnd(std::string text);

}  // namespace ks::identity
