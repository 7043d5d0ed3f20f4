#include "local/spanner/storage/testing/sim_disk.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "env/clock.h"
#include "rocksdb/file_system.h"

namespace ks::local::testing {

namespace {

using rocksdb::FileOptions;
using rocksdb::FSDirectory;
using rocksdb::FSRandomRWFile;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr uint64_t kSectorBytes = 512;  // written whole or not at all

IOStatus PowerOff() { return IOStatus::IOError("the power is off"); }

std::shared_ptr<rocksdb::FileSystem> Memory() {
  static rocksdb::Env* const keep_alive = rocksdb::Env::Default();
  std::unique_ptr<rocksdb::Env> env(rocksdb::NewMemEnv(keep_alive));
  return env->GetFileSystem();
}

}  // namespace

class SimFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit SimFileSystem(uint64_t seed) : FileSystemWrapper(Memory()), random_(seed) {}

  const char* Name() const override { return "SimDisk"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override;
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSRandomRWFile>* file, IODebugContext* debug) override;
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const FileOptions&,
                             std::unique_ptr<FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported();
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<FSDirectory>* directory, IODebugContext* debug) override;
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* debug) override;
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override;

  // ---- For the disk ----
  void CutPowerAfter(int64_t operations) {
    std::lock_guard<std::mutex> lock(mu_);
    left_ = operations;
  }
  void FailSyncs(uint32_t one_in) {
    std::lock_guard<std::mutex> lock(mu_);
    one_in_ = one_in;
  }
  bool failed() {
    std::lock_guard<std::mutex> lock(mu_);
    return off_ || sync_failed_;
  }
  void Restart();

  // ---- For its files and directories ----
  IOStatus Append(const std::string& name, const Slice& data, FSWritableFile& file,
                  const IOOptions& options, IODebugContext* debug);
  IOStatus Write(const std::string& name, uint64_t offset, const Slice& data, FSRandomRWFile& file,
                 const IOOptions& options, IODebugContext* debug);
  IOStatus Sync(const std::string& name);
  IOStatus SyncDirectory();

 private:
  struct State {
    std::string bytes;
    size_t synced = 0;
    std::map<uint64_t, std::string> overwritten;  // sectors, as they were before, since the sync
    bool sync_failed = false;
  };
  // How a name was before; no content: it was not there.
  struct Undo {
    std::string name;
    std::optional<State> before;
  };

  bool Step() {  // false: the power goes at this operation, or has gone
    if (left_ == 0) off_ = true;
    if (left_ > 0) --left_;
    return !off_;
  }
  std::optional<State> Find(const std::string& name) const {
    const auto found = files_.find(name);
    return found == files_.end() ? std::nullopt : std::optional<State>(found->second);
  }
  void Remember(const std::string& name) { undo_.push_back({name, Find(name)}); }
  void Put(const std::string& name, const std::string& bytes);

  std::mutex mu_;
  env::SimRandom random_;
  int64_t left_ = -1;
  uint32_t one_in_ = 0;
  bool off_ = false;
  bool sync_failed_ = false;
  std::map<std::string, State> files_;
  std::vector<Undo> undo_;  // since the last sync of a directory
};

namespace {

class SimWritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  SimWritableFile(std::unique_ptr<FSWritableFile> file, SimFileSystem& disk, std::string name)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return disk_.Append(name_, data, *target(), options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return disk_.Append(name_, data, *target(), options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return disk_.Sync(name_); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return disk_.Sync(name_); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  SimFileSystem& disk_;
  const std::string name_;
};

class SimRandomRWFile : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  SimRandomRWFile(std::unique_ptr<FSRandomRWFile> file, SimFileSystem& disk, std::string name)
      : FSRandomRWFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Write(uint64_t offset, const Slice& data, const IOOptions& options,
                 IODebugContext* debug) override {
    return disk_.Write(name_, offset, data, *target(), options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return disk_.Sync(name_); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return disk_.Sync(name_); }

 private:
  SimFileSystem& disk_;
  const std::string name_;
};

class SimDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  SimDirectory(std::unique_ptr<FSDirectory> directory, SimFileSystem& disk)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return disk_.SyncDirectory(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*,
                               const rocksdb::DirFsyncOptions&) override {
    return disk_.SyncDirectory();
  }

 private:
  SimFileSystem& disk_;
};

}  // namespace

IOStatus SimFileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<FSWritableFile>* file,
                                        IODebugContext* debug) {
  std::lock_guard<std::mutex> lock(mu_);
  if (!Step()) return PowerOff();
  std::unique_ptr<FSWritableFile> below;
  IOStatus status = target()->NewWritableFile(name, options, &below, debug);
  if (!status.ok()) return status;
  Remember(name);
  files_[name] = {};
  *file = std::make_unique<SimWritableFile>(std::move(below), *this, name);
  return status;
}

IOStatus SimFileSystem::NewRandomRWFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<FSRandomRWFile>* file,
                                        IODebugContext* debug) {
  std::unique_ptr<FSRandomRWFile> below;
  IOStatus status = target()->NewRandomRWFile(name, options, &below, debug);
  if (status.ok()) *file = std::make_unique<SimRandomRWFile>(std::move(below), *this, name);
  return status;
}

IOStatus SimFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                     std::unique_ptr<FSDirectory>* directory,
                                     IODebugContext* debug) {
  std::unique_ptr<FSDirectory> below;
  IOStatus status = target()->NewDirectory(name, options, &below, debug);
  if (status.ok()) *directory = std::make_unique<SimDirectory>(std::move(below), *this);
  return status;
}

IOStatus SimFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                   IODebugContext* debug) {
  std::lock_guard<std::mutex> lock(mu_);
  if (!Step()) return PowerOff();
  IOStatus status = target()->DeleteFile(name, options, debug);
  if (!status.ok()) return status;
  Remember(name);
  files_.erase(name);
  return status;
}

IOStatus SimFileSystem::RenameFile(const std::string& from, const std::string& to,
                                   const IOOptions& options, IODebugContext* debug) {
  std::lock_guard<std::mutex> lock(mu_);
  if (!Step()) return PowerOff();
  IOStatus status = target()->RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  Remember(from);
  Remember(to);
  files_[to] = std::move(files_[from]);
  files_.erase(from);
  return status;
}

IOStatus SimFileSystem::Append(const std::string& name, const Slice& data, FSWritableFile& file,
                               const IOOptions& options, IODebugContext* debug) {
  std::lock_guard<std::mutex> lock(mu_);
  const bool was_off = off_;
  const bool whole = Step();
  if (was_off) return PowerOff();
  const size_t bytes = whole ? data.size() : random_.Below(data.size() + 1);
  files_[name].bytes.append(data.data(), bytes);
  IOStatus status = file.Append(Slice(data.data(), bytes), options, debug);
  return whole ? status : PowerOff();
}

IOStatus SimFileSystem::Write(const std::string& name, uint64_t offset, const Slice& data,
                              FSRandomRWFile& file, const IOOptions& options,
                              IODebugContext* debug) {
  std::lock_guard<std::mutex> lock(mu_);
  const bool was_off = off_;
  const bool whole = Step();
  if (was_off) return PowerOff();
  const uint64_t bytes = whole ? data.size() : random_.Below(data.size() + 1);
  State& state = files_[name];
  const uint64_t end = offset + bytes;
  for (uint64_t at = offset - offset % kSectorBytes; at < std::min(end, state.bytes.size());
       at += kSectorBytes) {
    state.overwritten.try_emplace(at, state.bytes.substr(at, kSectorBytes));
  }
  if (state.bytes.size() < end) state.bytes.resize(end);
  state.bytes.replace(offset, bytes, data.data(), bytes);
  IOStatus status = file.Write(offset, Slice(data.data(), bytes), options, debug);
  return whole ? status : PowerOff();
}

IOStatus SimFileSystem::Sync(const std::string& name) {
  std::lock_guard<std::mutex> lock(mu_);
  if (!Step()) return PowerOff();
  State& state = files_[name];
  if (one_in_ > 0 && random_.Below(one_in_) == 0) {
    state.sync_failed = sync_failed_ = true;
    return IOStatus::IOError("the sync failed");
  }
  if (state.sync_failed) return IOStatus::OK();
  state.synced = state.bytes.size();
  state.overwritten.clear();
  return IOStatus::OK();
}

IOStatus SimFileSystem::SyncDirectory() {
  std::lock_guard<std::mutex> lock(mu_);
  if (!Step()) return PowerOff();
  undo_.clear();
  return IOStatus::OK();
}

void SimFileSystem::Put(const std::string& name, const std::string& bytes) {
  std::unique_ptr<FSWritableFile> file;
  target()->NewWritableFile(name, FileOptions(), &file, nullptr).PermitUncheckedError();
  file->Append(bytes, IOOptions(), nullptr).PermitUncheckedError();
  file->Close(IOOptions(), nullptr).PermitUncheckedError();
}

void SimFileSystem::Restart() {
  std::lock_guard<std::mutex> lock(mu_);
  for (uint64_t lost = random_.Below(undo_.size() + 1); lost > 0; --lost) {
    Undo undo = std::move(undo_.back());
    undo_.pop_back();
    if (undo.before.has_value()) {
      files_[undo.name] = *std::move(undo.before);
    } else {
      files_.erase(undo.name);
      target()->DeleteFile(undo.name, IOOptions(), nullptr).PermitUncheckedError();
    }
  }
  undo_.clear();
  for (auto& [name, state] : files_) {
    for (const auto& [at, before] : state.overwritten) {
      if (random_.Below(2) == 0) state.bytes.replace(at, before.size(), before);
    }
    state.overwritten.clear();
    const size_t kept = state.synced + random_.Below(state.bytes.size() - state.synced + 1);
    state.bytes.resize(kept);
    state.synced = kept;
    state.sync_failed = false;
    Put(name, state.bytes);
  }
  left_ = -1;
  one_in_ = 0;
  off_ = sync_failed_ = false;
}

SimDisk::SimDisk(uint64_t seed)
    : files_(std::make_shared<SimFileSystem>(seed)), env_(rocksdb::NewCompositeEnv(files_)) {}
SimDisk::~SimDisk() = default;

void SimDisk::CutPowerAfter(int64_t operations) { files_->CutPowerAfter(operations); }
void SimDisk::FailSyncs(uint32_t one_in) { files_->FailSyncs(one_in); }
bool SimDisk::failed() const { return files_->failed(); }
void SimDisk::Restart() { files_->Restart(); }

}  // namespace ks::local::testing
