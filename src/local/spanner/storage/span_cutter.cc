#include "local/spanner/storage/span_cutter.h"

#include <algorithm>
#include <utility>

#include "local/spanner/storage/store.h"

namespace ks::local {
namespace {

using Number = unsigned __int128;

// The first 16 bytes from `from` on, as a number; bytes that are missing count as zeros.
Number NumberAt(std::string_view key, size_t from) {
  Number number = 0;
  for (size_t i = from; i < from + sizeof(Number); ++i) {
    number = number << 8 | (i < key.size() ? static_cast<unsigned char>(key[i]) : 0);
  }
  return number;
}

}  // namespace

std::optional<std::string> KeyBetween(std::string_view start, std::string_view limit) {
  const size_t shared = static_cast<size_t>(
      std::mismatch(start.begin(), start.end(), limit.begin(), limit.end()).first - start.begin());
  const Number low = NumberAt(start, shared);
  const Number high = NumberAt(limit, shared);
  if (high <= low || high - low < 2) return std::nullopt;
  Number middle = low + (high - low) / 2;
  std::string key(limit.substr(0, shared));
  key.resize(shared + sizeof(Number));
  for (size_t i = key.size(); i > shared; --i, middle >>= 8) key[i - 1] = static_cast<char>(middle);
  return key;
}

SpanCutter::SpanCutter(const Store& store, KeySpan span, bool reverse)
    : store_(store), reverse_(reverse) {
  const int64_t bytes = store.ApproximateBytes(span);
  rest_.push_back({std::move(span), bytes});
}

// Halves the next rest; false: it is small enough, or cannot be.
bool SpanCutter::Halve(int64_t bytes) {
  if (rest_.back().bytes <= bytes) return false;
  const KeySpan whole = rest_.back().span;
  const auto middle = KeyBetween(whole.start, whole.limit);
  if (!middle.has_value()) return false;
  KeySpan first{whole.start, *middle};
  KeySpan second{*middle, whole.limit};
  if (reverse_) std::swap(first, second);
  const int64_t first_bytes = store_.ApproximateBytes(first);
  const int64_t second_bytes = store_.ApproximateBytes(second);
  rest_.back() = {std::move(second), second_bytes};
  rest_.push_back({std::move(first), first_bytes});
  return true;
}

std::optional<KeySpan> SpanCutter::Next(int64_t bytes) {
  std::optional<Rest> part;
  while (!rest_.empty()) {
    if (Halve(bytes)) continue;
    Rest& next = rest_.back();
    if (!part.has_value()) {
      part = std::move(next);
    } else if (part->bytes + next.bytes <= bytes) {  // next to nothing goes with its neighbour
      (reverse_ ? part->span.start : part->span.limit) =
          reverse_ ? next.span.start : next.span.limit;
      part->bytes += next.bytes;
    } else {
      break;
    }
    rest_.pop_back();
  }
  if (!part.has_value()) return std::nullopt;
  return std::move(part->span);
}

}  // namespace ks::local
