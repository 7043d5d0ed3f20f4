#include "local/spanner/storage/log_files.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace ks::local {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSRandomRWFile;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr uint64_t kLogAheadBytes = 256 << 10;
constexpr std::string_view kLogSuffix = ".log";

class LogFile final : public FSWritableFile {
 public:
  explicit LogFile(std::unique_ptr<FSRandomRWFile> file) : file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    while (size_ + data.size() > ready_) {
      IOStatus zeros = file_->Write(ready_, Zeros(), options, debug);
      if (!zeros.ok()) return zeros;
      ready_ += kLogAheadBytes;
    }
    IOStatus written = file_->Write(size_, data, options, debug);
    if (written.ok()) size_ += data.size();
    return written;
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return file_->Sync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return file_->Close(options, debug);
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  static Slice Zeros() {
    static const std::string* zeros = new std::string(kLogAheadBytes, '\0');
    return *zeros;
  }

  const std::unique_ptr<FSRandomRWFile> file_;
  uint64_t size_ = 0;
  uint64_t ready_ = 0;  // zeros up to here
};

class FileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "kafka-spanner.log_files"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    IOStatus made = target()->NewWritableFile(name, options, file, debug);
    if (!made.ok() || !std::string_view(name).ends_with(kLogSuffix)) return made;
    IOStatus closed = (*file)->Close(options.io_options, debug);
    if (!closed.ok()) return closed;
    std::unique_ptr<FSRandomRWFile> in_place;
    IOStatus opened = target()->NewRandomRWFile(name, options, &in_place, debug);
    if (opened.ok()) *file = std::make_unique<LogFile>(std::move(in_place));
    return opened;
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> WithLogsWrittenInPlace(rocksdb::Env* disk) {
  return rocksdb::NewCompositeEnv(std::make_shared<FileSystem>(disk->GetFileSystem()));
}

}  // namespace ks::local
