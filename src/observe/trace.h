// Trace: what happened to one batch, as spans: plain data, in the words of OpenTelemetry
// (https://opentelemetry.io/docs/specs/otel/trace/api/). otlp.h writes it for a receiver.
//
// A trace is named by 32 lower-case hexadecimal digits, a span by 64 bits that are not 0. Times are
// nanoseconds since the Unix epoch. Thread safety: plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ks::observe {

using SpanId = uint64_t;

// Somebody else's span.
struct SpanContext {
  std::string trace;
  SpanId span = 0;
  auto operator<=>(const SpanContext&) const = default;
};

// What the header `traceparent` says (https://www.w3.org/TR/trace-context/); nothing where it says
// nothing that can be understood.
std::optional<SpanContext> ParseTraceparent(std::string_view text);

enum class SpanKind : uint8_t { kInternal = 1, kClient = 3, kConsumer = 5 };  // as in OTLP

using SpanValue = std::variant<std::string, int64_t>;

struct Span {
  SpanId id = 0;
  SpanId parent = 0;  // 0: none
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  int64_t start_nanos = 0;
  int64_t end_nanos = 0;
  std::vector<std::pair<std::string, SpanValue>> attributes;
  std::vector<SpanContext> links;
  std::string error;  // what failed; empty: nothing
};

struct Trace {
  std::string id;
  std::vector<Span> spans;
};

// The share of traces that is kept. The same trace is kept everywhere, since it is chosen by its
// name: by the 56 bits that W3C's Trace Context, level 2, wants to be random.
class TraceSampling {
 public:
  TraceSampling() = default;  // none is
  explicit TraceSampling(double share);
  bool any() const { return below_ > 0; }
  bool Takes(std::string_view trace) const;

 private:
  uint64_t below_ = 0;  // of 2^56
};

}  // namespace ks::observe
