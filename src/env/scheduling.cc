#include "env/scheduling.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace ks::env {

namespace {

constexpr uint64_t kTurnNanos = 100'000;  // the shortest that the kernel grants

// struct sched_attr of sched_setattr(2), in its first form. Debian 12 declares it only in a header
// of the kernel that cannot stand beside <sched.h>.
struct Attributes {
  uint32_t size = sizeof(Attributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
};

}  // namespace

void AskForShortTurns() {
  Attributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) != 0) return;
  if (attributes.policy != SCHED_OTHER) return;  // somebody has chosen for us
  attributes.runtime = kTurnNanos;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace ks::env
