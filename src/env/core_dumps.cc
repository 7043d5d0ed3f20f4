#include "env/core_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace ks::env {

void ForbidCoreDumps() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace ks::env
