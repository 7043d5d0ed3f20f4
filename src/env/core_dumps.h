// What lies in this process's memory, secrets among it, stays there. Thread safety: any thread.
#pragma once

namespace ks::env {

// No core dump is written when this process crashes, neither as a file nor to a program
// (core_pattern with `|` does not look at the limit, only at whether the process may be dumped);
// and other processes of the same user can neither attach to it nor read its environment. Linux:
// prctl(2), PR_SET_DUMPABLE. Test: core_dumps_test.cc.
void ForbidCoreDumps();

}  // namespace ks::env
