#include "observe/trace.h"

#include <algorithm>
#include <charconv>

namespace ks::observe {
namespace {

constexpr uint64_t kRandomBits = uint64_t{1} << 56;

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

uint64_t FromHex(std::string_view digits) {
  uint64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value;
}

}  // namespace

std::optional<SpanContext> ParseTraceparent(std::string_view text) {
  // version "-" trace "-" parent "-" flags; later versions may go on after another "-".
  constexpr size_t kSize = 55;
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace = text.substr(3, 32);
  const std::string_view span = text.substr(36, 16);
  for (const std::string_view part : {version, trace, span, text.substr(53, 2)}) {
    if (!IsLowerHex(part)) return {};
  }
  if (version == "ff" || (version == "00" && text.size() != kSize)) return {};
  if (text.size() > kSize && text[kSize] != '-') return {};
  const bool named = trace.find_first_not_of('0') != std::string_view::npos;
  if (!named || FromHex(span) == 0) return {};
  return SpanContext{std::string(trace), FromHex(span)};
}

TraceSampling::TraceSampling(double share)
    : below_(
          static_cast<uint64_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(kRandomBits))) {}

bool TraceSampling::Takes(std::string_view trace) const {
  return any() && trace.size() == 32 && FromHex(trace.substr(18)) < below_;
}

}  // namespace ks::observe
