// GET_NEXT_SEQUENCE_VALUE, GET_INTERNAL_SEQUENCE_STATE, GET_TABLE_COLUMN_IDENTITY_STATE: the
// sequences are the caller's.
#include "absl/status/status.h"
#include "sql/functions/lift.h"
#include "sql/functions/table.h"

namespace ks::sql {
namespace {

absl::Status NoSequences() {
  return absl::InvalidArgumentError("Sequences are not available here.");
}

absl::StatusOr<int64_t> Next(Scope& s, std::string_view name) {
  if (s.context().sequences == nullptr) return NoSequences();
  return s.context().sequences->Next(name);
}

template <auto kState>
std::optional<int64_t> State(Scope& s, std::string_view name) {
  if (s.context().sequences == nullptr) return s.Fail(NoSequences());
  auto state = (s.context().sequences->*kState)(name);
  if (!state.ok()) return s.Fail(state.status());
  return *state;
}

}  // namespace

void AddSequence(FunctionRegistry& table) {
  table.Add("GET_NEXT_SEQUENCE_VALUE",
            {Scalar([](Scope& s, std::string_view name) { return Next(s, name); })},
            Determinism::kVolatile);
  table.Add("GET_INTERNAL_SEQUENCE_STATE", {Scalar([](Scope& s, std::string_view name) {
              return State<&SequenceSource::State>(s, name);
            })},
            Determinism::kVolatile);
  table.Add("GET_TABLE_COLUMN_IDENTITY_STATE", {Scalar([](Scope& s, std::string_view column) {
              return State<&SequenceSource::IdentityState>(s, column);
            })},
            Determinism::kVolatile);
}

}  // namespace ks::sql
