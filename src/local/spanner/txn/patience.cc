#include "local/spanner/txn/patience.h"

#include <limits>

namespace ks::local {
namespace {

class EndlessPatience final : public Patience {
 public:
  absl::Status Check() const override { return absl::OkStatus(); }
  int64_t NanosLeft() const override { return std::numeric_limits<int64_t>::max(); }
};

}  // namespace

const Patience& Endless() {
  static const EndlessPatience* endless = new EndlessPatience;
  return *endless;
}

}  // namespace ks::local
