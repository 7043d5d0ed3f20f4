// An operation as data: planned here, approved by people, done later and perhaps on another
// machine. What was planned is what is done, whatever has come since: positions are offsets,
// conditions are the places of the dead letters that met them, schemas are statements.
//
// A plan is {"effect": …, "facts": {"records": 5, "partitions": 2}}; `rows` is among the facts
// where it is known. An effect is
//
//   offsets        {"moves": [{topic, partition, to, generation, lanes, written_again, …}]}
//   replay         {"ranges": [{topic, partition, from, to}]}
//   redrive,       {"where": text, "letters": [{topic, partition, offsets}]}
//   discard
//   apply_schema   {"statements": [text]}
//
// Progress is folded from the details of steps that were committed; an operation that was cut off
// goes on from there, and does nothing twice: a replay may write again what it has written, a move
// is made only from where it was planned, dead letters that are gone are gone.
//
// Blocks; one thread. Tested by tests/control/test_operations.py.
#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "operations/target.h"

namespace ks::operations {

enum class Kind : uint8_t { kOffsets, kReplay, kRedrive, kDiscard, kApplySchema };

// `options` is what somebody sent: INVALID_ARGUMENT says what was expected.
absl::StatusOr<nlohmann::json> PlanOperation(Kind kind, const Target& target,
                                             const nlohmann::json& options);

// What came of it, as numbers by name.
absl::StatusOr<nlohmann::json> RunOperation(Kind kind, const Target& target,
                                            const nlohmann::json& effect,
                                            const nlohmann::json& progress, const Steps& steps);

// {"at": {"orders/3": first offset not done}, "records": how many are done}
void Fold(const nlohmann::json& details, nlohmann::json* progress);

}  // namespace ks::operations
