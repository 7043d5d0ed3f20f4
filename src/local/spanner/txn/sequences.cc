#include "local/spanner/txn/sequences.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "local/spanner/errors.h"
#include "local/spanner/limits.h"
#include "local/spanner/txn/core.h"

namespace ks::local {
namespace {

std::string MetaKey(KeySpaceId space) { return absl::StrFormat("%s%010d", kSequencePrefix, space); }

bool Skipped(const SequenceParameters& parameters, int64_t value) {
  return parameters.skip_min && *parameters.skip_min <= value && value <= *parameters.skip_max;
}

}  // namespace

int64_t ReverseBits(int64_t counter) {
  uint64_t reversed = 0;
  for (int bit = 0; bit < 63; ++bit) {
    reversed = reversed << 1 | (static_cast<uint64_t>(counter) >> bit & 1);
  }
  return static_cast<int64_t>(reversed);
}

KeySpaceId Sequences::SpaceOf(std::string_view stored_key) {
  const std::string number(stored_key.substr(strlen(kSequencePrefix)));
  return static_cast<KeySpaceId>(std::stoul(number));
}

absl::StatusOr<Sequences::Counter*> Sequences::Load(const SequenceParameters& parameters) {
  auto [place, fresh] = counters_.try_emplace(parameters.space);
  if (!fresh) return &place->second;
  Counter& counter = place->second;
  auto stored = core_.store().GetMeta(MetaKey(parameters.space));
  if (!stored.ok()) {
    counters_.erase(place);
    return stored.status();
  }
  counter.used = stored->has_value();
  counter.next = counter.used ? std::stoll(**stored) : parameters.start_counter.value_or(1);
  counter.reserved = counter.next;
  return &counter;
}

absl::StatusOr<int64_t> Sequences::Take(KeySpaceId space, Counter& counter) {
  if (counter.next == std::numeric_limits<int64_t>::max()) return errors::SequenceExhausted();
  if (counter.next == counter.reserved) {
    const int64_t left = std::numeric_limits<int64_t>::max() - counter.reserved;
    const int64_t reserved = counter.reserved + std::min<int64_t>(left, limits::kSequenceBlock);
    Store::Batch batch;
    batch.PutMeta(MetaKey(space), std::to_string(reserved));
    const CommitTimestamp timestamp = core_.oracle().BeginCommit();
    absl::Cleanup end = [&] { core_.oracle().EndCommit(timestamp); };
    KS_RETURN_IF_ERROR(core_.store().Write(batch, timestamp));
    counter.reserved = reserved;
  }
  counter.used = true;
  return counter.next++;
}

absl::StatusOr<int64_t> Sequences::Next(const SequenceParameters& parameters) {
  absl::MutexLock lock(&mu_);
  KS_ASSIGN_OR_RETURN(Counter * counter, Load(parameters));
  while (true) {
    KS_ASSIGN_OR_RETURN(const int64_t taken, Take(parameters.space, *counter));
    const int64_t value = ReverseBits(taken);
    if (!Skipped(parameters, value)) return value;
  }
}

absl::StatusOr<std::optional<int64_t>> Sequences::State(const SequenceParameters& parameters) {
  absl::MutexLock lock(&mu_);
  KS_ASSIGN_OR_RETURN(Counter * counter, Load(parameters));
  if (!counter->used) return std::nullopt;
  return counter->next;
}

absl::StatusOr<int64_t> SchemaSequences::Next(std::string_view name) {
  if (!may_take_) return errors::SequenceInReadOnly();
  const Sequence* sequence = schema_.FindSequence(name);
  if (sequence == nullptr) return errors::SequenceNotFound(name);
  return Next(sequence->parameters);
}

absl::StatusOr<int64_t> SchemaSequences::Next(const SequenceParameters& parameters) {
  return core_.sequences().Next(parameters);
}

absl::StatusOr<std::optional<int64_t>> SchemaSequences::State(std::string_view name) {
  const Sequence* sequence = schema_.FindSequence(name);
  if (sequence == nullptr) return errors::SequenceNotFound(name);
  return core_.sequences().State(sequence->parameters);
}

absl::StatusOr<std::optional<int64_t>> SchemaSequences::IdentityState(std::string_view name) {
  const size_t dot = name.rfind('.');
  const auto dots = std::count(name.begin(), name.end(), '.');
  if (dots < 1 || dots > 2) return errors::IdentityNameMalformed(name);
  const std::string_view table_name = name.substr(0, dot);
  const Table* table = schema_.FindTable(table_name);
  if (table == nullptr) return errors::IdentityTableNotFound(table_name);
  const int column = table->FindColumn(name.substr(dot + 1));
  if (column < 0 || !table->columns[static_cast<size_t>(column)].identity.has_value()) {
    return errors::IdentityColumnNotFound(table->name, name.substr(dot + 1));
  }
  return core_.sequences().State(*table->columns[static_cast<size_t>(column)].identity);
}

}  // namespace ks::local
