#include "local/spanner/txn/patience.h"

namespace ks::local {
namespace {

class EndlessPatience final : public Patience {
 public:
  absl::Status Check() const override { return absl::OkStatus(); }
  absl::Time deadline() const override { return absl::InfiniteFuture(); }
};

}  // namespace

const Patience& Endless() {
  static const EndlessPatience* endless = new EndlessPatience;
  return *endless;
}

}  // namespace ks::local
