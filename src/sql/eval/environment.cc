#include "sql/eval/environment.h"

#include <algorithm>

#include "sql/errors.h"
#include "sql/eval/operator.h"

namespace ks::sql {

Environment::Environment(const ExecuteOptions& options) : options_(options), now_(options.now) {}
Environment::~Environment() = default;

const Value* Environment::FindParameter(const std::string& name) const {
  if (options_.parameters == nullptr) return nullptr;
  auto found = options_.parameters->find(name);
  return found == options_.parameters->end() ? nullptr : &found->second;
}

Datum* Environment::outer(ColumnId id) {
  auto& slot = outer_[id];
  if (slot == nullptr) slot = std::make_unique<Datum>(Datum::Null());
  return slot.get();
}

absl::Status Environment::Reserve(int64_t bytes) {
  reserved_ += bytes;
  peak_ = std::max(peak_, reserved_);
  if (reserved_ > options_.memory_limit_bytes)
    return QueryMemoryExceeded(options_.memory_limit_bytes);
  return absl::OkStatus();
}

absl::Status Environment::CheckAlive() {
  unchecked_ = 0;
  return options_.check_alive == nullptr ? absl::OkStatus() : options_.check_alive();
}

EvalContext Environment::MakeContext(Arena& arena) const {
  EvalContext context(arena);
  context.now = now_;
  context.default_zone = options_.default_zone;
  context.sequences = options_.sequences;
  return context;
}

}  // namespace ks::sql
