// The write-ahead log's files, made so that a sync writes data only.
//
// RocksDB appends to its log, and fdatasync of a file that has grown writes the file system's
// journal too: another wait for the disk, and for a kernel thread. Here a log is written over zeros
// that lie ready, kLogAheadBytes at a time, so that its size changes once in a thousand commits.
// RocksDB's reader takes zeros for the end of a log. A record that is torn (some of its sectors are
// still zero) has a wrong checksum or lacks a part, and ends the replay; since the next record is
// written after the sync of this one, nothing acknowledged lies behind it (power_loss_test.cc).
// Thread safety: as rocksdb::Env.
#pragma once

#include <memory>

namespace rocksdb {
class Env;
}

namespace ks::local {

// Like `disk`, which must outlive it, but for logs.
std::unique_ptr<rocksdb::Env> WithLogsWrittenInPlace(rocksdb::Env* disk);

}  // namespace ks::local
