// How the machine's scheduler treats this process. Thread safety: call it before other threads
// start; they inherit it.
#pragma once

namespace ks::env {

// Asks for short turns on the processor: a thread that wakes up (a call has come, the disk has
// synced) then need not wait for the end of another program's turn. No privilege is needed and no
// share of the processor is gained. Without it, beside programs that compute, an fdatasync of 0.1
// ms takes 4 ms: the kernel lets the others run to the next tick. Linux 6.12 and later; elsewhere
// nothing happens. Source: sched_setattr(2), sched_runtime of SCHED_OTHER.
void AskForShortTurns();

}  // namespace ks::env
