// SimDisk: a disk in memory whose power can be cut, for crash tests without a crash.
//
// It keeps what a real one may lose: bytes that were written and not synced, and names that were
// made, moved or deleted since the last sync of their directory. Restart() takes away a random part
// of these, never more: synced bytes stay. Of what was appended the end goes first and of the names
// the newest, as a journal does it; of what was overwritten, each sector for itself. A sync may be
// told to fail; what it should have synced is then at the mercy of the next Restart for good.
// Thread safety: all methods from any thread; Restart when nobody uses the disk.
#pragma once

#include <cstdint>
#include <memory>

#include "rocksdb/env.h"

namespace ks::local::testing {

class SimFileSystem;

class SimDisk {
 public:
  explicit SimDisk(uint64_t seed);
  ~SimDisk();

  rocksdb::Env* env() const { return env_.get(); }

  // After so many more writes and syncs the power is off: that one is half done, all later ones
  // fail. Negative: stays on.
  void CutPowerAfter(int64_t operations);
  // One in `one_in` syncs fails; 0: none.
  void FailSyncs(uint32_t one_in);
  // True once a cut or a failed sync has happened since the last Restart.
  bool failed() const;
  // Loses what was not safe, and has power again.
  void Restart();

 private:
  const std::shared_ptr<SimFileSystem> files_;
  const std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace ks::local::testing
