// StrongId: an integer with a name, so that an offset is never taken for a partition.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace ks {

template <typename Tag, typename Rep = int64_t>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}
  constexpr Rep value() const { return value_; }
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr StrongId operator+(Rep n) const { return StrongId(value_ + n); }
  constexpr Rep operator-(StrongId other) const { return value_ - other.value_; }

  template <typename H>
  friend H AbslHashValue(H h, const StrongId& id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  Rep value_ = 0;
};

// A Kafka offset. "next" or "end" offsets are always the first one not done.
using Offset = StrongId<struct OffsetTag>;
// A Kafka partition's number within its topic.
using PartitionId = StrongId<struct PartitionTag, int32_t>;

}  // namespace ks
