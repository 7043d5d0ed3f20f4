// NET.*: addresses and URLs.
// https://cloud.google.com/spanner/docs/reference/standard-sql/net_functions
#include <arpa/inet.h>
#include <libpsl.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "base/str_cat.h"
#include "sql/functions/errors.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

using Text = std::string_view;

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;

bool IsAddress(Text bytes) { return bytes.size() == kIpv4Bytes || bytes.size() == kIpv6Bytes; }

// ---- Addresses ----

std::optional<BytesView> ParseAddress(Scope& s, Text text) {
  char bytes[kIpv6Bytes];
  const std::string terminated(text);
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  if (inet_pton(AF_INET, terminated.c_str(), bytes) == 1) {
    return BytesView{s.arena().Copy({bytes, kIpv4Bytes})};
  }
  if (inet_pton(AF_INET6, terminated.c_str(), bytes) == 1) {
    return BytesView{s.arena().Copy({bytes, kIpv6Bytes})};
  }
  return std::nullopt;
}

std::optional<BytesView> IpFromString(Scope& s, Text text) {
  const auto parsed = ParseAddress(s, text);
  if (parsed.has_value()) return parsed;
  return s.Fail(
      OutOfRange(StrCat("NET.IP_FROM_STRING() encountered an unparseable IP-address: ", text)));
}

std::optional<Text> IpToString(Scope& s, BytesView address) {
  if (!IsAddress(address.bytes)) {
    return s.Fail(OutOfRange(StrCat(
        "NET.IP_TO_STRING() encountered an invalid IP address. Expected 4 (for IPv4) or 16 (for "
        "IPv6) bytes but got ",
        address.bytes.size())));
  }
  char text[INET6_ADDRSTRLEN];
  const int family = address.bytes.size() == kIpv4Bytes ? AF_INET : AF_INET6;
  inet_ntop(family, address.bytes.data(), text, sizeof(text));
  return s.arena().Copy(text);
}

// The first `ones` bits of `bytes` stay, the rest become 0.
void KeepBits(std::string* bytes, int64_t ones) {
  for (size_t i = 0; i < bytes->size(); ++i) {
    const int64_t kept = std::min<int64_t>(8, std::max<int64_t>(0, ones - 8 * int64_t(i)));
    (*bytes)[i] = static_cast<char>((*bytes)[i] & (0xFF00 >> kept));
  }
}

std::optional<BytesView> NetMask(Scope& s, int64_t size, int64_t ones) {
  if (size != int64_t{kIpv4Bytes} && size != int64_t{kIpv6Bytes}) {
    return s.Fail(OutOfRange(StrCat(
        "The first argument of NET.IP_NET_MASK() must be either 4 (for IPv4) or 16 (for IPv6); "
        "got ",
        size)));
  }
  if (ones < 0 || ones > 8 * size) {
    return s.Fail(OutOfRange(
        StrCat("The second argument of NET.IP_NET_MASK() must be between 0 and the first argument "
               "* 8; got ",
               ones)));
  }
  std::string bytes(static_cast<size_t>(size), '\xFF');
  KeepBits(&bytes, ones);
  return BytesView{s.arena().Copy(bytes)};
}

std::optional<BytesView> Truncate(Scope& s, BytesView address, int64_t ones) {
  if (!IsAddress(address.bytes)) {
    return s.Fail(OutOfRange(StrCat(
        "The first argument of NET.IP_TRUNC() must have length 4 (for IPv4) or 16 (for IPv6); got ",
        address.bytes.size())));
  }
  if (ones < 0 || ones > 8 * static_cast<int64_t>(address.bytes.size())) {
    return s.Fail(OutOfRange(
        StrCat("The second argument of NET.IP_TRUNC() must be between 0 and 8 * LENGTH(first "
               "argument); got ",
               ones)));
  }
  std::string bytes(address.bytes);
  KeepBits(&bytes, ones);
  return BytesView{s.arena().Copy(bytes)};
}

std::optional<BytesView> Ipv4FromInt64(Scope& s, int64_t value) {
  if (value < INT32_MIN || value > int64_t{UINT32_MAX}) {
    return s.Fail(OutOfRange(
        StrCat("NET.IPV4_FROM_INT64() encountered an invalid integer IP. Expected range: "
               "[-0x80000000, 0xFFFFFFFF]; got ",
               value)));
  }
  const uint32_t order = htonl(static_cast<uint32_t>(value));
  char bytes[kIpv4Bytes];
  std::memcpy(bytes, &order, sizeof(bytes));
  return BytesView{s.arena().Copy({bytes, sizeof(bytes)})};
}

std::optional<int64_t> Ipv4ToInt64(Scope& s, BytesView address) {
  if (address.bytes.size() != kIpv4Bytes) {
    return s.Fail(OutOfRange(
        StrCat("NET.IPV4_TO_INT64() encountered a non-IPv4 address. Expected 4 bytes but got ",
               address.bytes.size())));
  }
  uint32_t order = 0;
  std::memcpy(&order, address.bytes.data(), sizeof(order));
  return ntohl(order);
}

// ---- URLs ----

bool IsSchemeCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.';
}

// The host as it is written; nullopt when there is none.
std::optional<Text> Host(Text url) {
  while (!url.empty() && absl::ascii_isspace(url.front())) url.remove_prefix(1);
  while (!url.empty() && absl::ascii_isspace(url.back())) url.remove_suffix(1);
  size_t scheme = 0;
  while (scheme < url.size() && IsSchemeCharacter(url[scheme])) ++scheme;
  if (url.substr(scheme).starts_with("://")) url.remove_prefix(scheme + 1);
  if (url.starts_with("//")) url.remove_prefix(2);
  Text authority = url.substr(0, url.find_first_of("/?#"));
  const size_t user = authority.rfind('@');
  if (user != Text::npos) authority.remove_prefix(user + 1);
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    return end == Text::npos ? std::nullopt : std::optional(authority.substr(0, end + 1));
  }
  const Text host = authority.substr(0, authority.find(':'));
  return host.empty() ? std::nullopt : std::optional(host);
}

// Where the public suffix begins in `host`; nullopt when the list does not know its last label.
// Private domains (`us.com`) are no suffixes here, as documented.
std::optional<size_t> SuffixBegin(Text host) {
  static const psl_ctx_t* const list = psl_builtin();
  const std::string lower = absl::AsciiStrToLower(host);
  if (lower.starts_with('.') || lower.ends_with('.') || lower.find("..") != std::string::npos) {
    return std::nullopt;
  }
  for (size_t begin = 0; begin < lower.size();) {
    if (psl_is_public_suffix2(list, lower.c_str() + begin,
                              PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0) {
      return begin;
    }
    const size_t dot = lower.find('.', begin);
    if (dot == std::string::npos) break;
    begin = dot + 1;
  }
  return std::nullopt;
}

std::optional<Text> PublicSuffix(Text url) {
  const std::optional<Text> host = Host(url);
  if (!host.has_value()) return std::nullopt;
  const std::optional<size_t> begin = SuffixBegin(*host);
  return begin.has_value() ? std::optional(host->substr(*begin)) : std::nullopt;
}

// The suffix and one label before it.
std::optional<Text> RegistrableDomain(Text url) {
  const std::optional<Text> host = Host(url);
  if (!host.has_value()) return std::nullopt;
  const std::optional<size_t> begin = SuffixBegin(*host);
  if (!begin.has_value() || *begin < 2) return std::nullopt;
  const size_t dot = host->rfind('.', *begin - 2);
  return host->substr(dot == Text::npos ? 0 : dot + 1);
}

}  // namespace

void AddNet(FunctionRegistry& table) {
  table.Add("NET.IP_FROM_STRING", {Scalar([](Scope& s, Text t) { return IpFromString(s, t); })});
  table.Add("NET.SAFE_IP_FROM_STRING",
            {Scalar([](Scope& s, Text t) { return ParseAddress(s, t); })});
  table.Add("NET.IP_TO_STRING", {Scalar([](Scope& s, BytesView b) { return IpToString(s, b); })});
  table.Add("NET.IP_NET_MASK",
            {Scalar([](Scope& s, int64_t size, int64_t ones) { return NetMask(s, size, ones); })});
  table.Add("NET.IP_TRUNC",
            {Scalar([](Scope& s, BytesView b, int64_t ones) { return Truncate(s, b, ones); })});
  table.Add("NET.IPV4_FROM_INT64",
            {Scalar([](Scope& s, int64_t v) { return Ipv4FromInt64(s, v); })});
  table.Add("NET.IPV4_TO_INT64", {Scalar([](Scope& s, BytesView b) { return Ipv4ToInt64(s, b); })});
  table.Add("NET.HOST", {Scalar([](Text url) { return Host(url); })});
  table.Add("NET.PUBLIC_SUFFIX", {Scalar([](Text url) { return PublicSuffix(url); })});
  table.Add("NET.REG_DOMAIN", {Scalar([](Text url) { return RegistrableDomain(url); })});
}

}  // namespace ks::sql
