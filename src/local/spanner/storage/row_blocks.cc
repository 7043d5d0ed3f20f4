#include "local/spanner/storage/row_blocks.h"

#include <atomic>
#include <deque>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "local/spanner/storage/store.h"

namespace ks::local {

namespace {

std::atomic<int> helpers{0};

}  // namespace

// Reads into blocks on its own thread. Nobody else touches the iterator meanwhile.
class RowBlocks::Helper {
 public:
  // Null when there are too many already.
  static std::unique_ptr<Helper> Start(StoreIterator& rows) {
    if (helpers.fetch_add(1) < kReadAheadThreads) {
      return std::unique_ptr<Helper>(new Helper(rows));
    }
    helpers.fetch_sub(1);
    return nullptr;
  }
  ~Helper() {
    {
      absl::MutexLock lock(&mu_);
      stop_ = true;
      room_.Signal();
    }
    thread_.join();
    helpers.fetch_sub(1);
  }

  // Swaps: the old block's memory is used again.
  absl::Status Next(RowBlock* block) {
    absl::MutexLock lock(&mu_);
    spare_.push_back(std::move(*block));
    block->Clear();
    while (ready_.empty() && !end_) filled_.Wait(&mu_);
    if (ready_.empty()) return status_;
    *block = std::move(ready_.front());
    ready_.pop_front();
    room_.Signal();
    return absl::OkStatus();
  }

 private:
  explicit Helper(StoreIterator& rows) : rows_(rows), thread_([this] { Run(); }) {}

  void Run() {
    RowBlock block;
    while (true) {
      block.Clear();
      rows_.Take(kBlockRows, &block);
      absl::MutexLock lock(&mu_);
      if (block.rows() == 0) {
        end_ = true;
        status_ = rows_.status();
        filled_.Signal();
        return;
      }
      ready_.push_back(std::move(block));
      filled_.Signal();
      while (ready_.size() >= kReadAheadBlocks && !stop_) room_.Wait(&mu_);
      if (stop_) return;
      block = RowBlock();
      if (!spare_.empty()) {
        block = std::move(spare_.back());
        spare_.pop_back();
      }
    }
  }

  StoreIterator& rows_;
  absl::Mutex mu_;
  absl::CondVar filled_;
  absl::CondVar room_;
  std::deque<RowBlock> ready_ ABSL_GUARDED_BY(mu_);
  std::vector<RowBlock> spare_ ABSL_GUARDED_BY(mu_);
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  bool end_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;  // last: it uses the others
};

RowBlocks::RowBlocks(std::unique_ptr<StoreIterator> rows) : rows_(std::move(rows)) {}
RowBlocks::~RowBlocks() = default;

absl::Status RowBlocks::Next(uint32_t rows, RowBlock* block) {
  if (helper_ != nullptr) return helper_->Next(block);
  block->Clear();
  rows_->Take(rows, block);
  if (block->rows() == 0) return rows_->status();
  full_blocks_ += rows >= kBlockRows;
  if (full_blocks_ == kReadAheadAfterBlocks) helper_ = Helper::Start(*rows_);
  return absl::OkStatus();
}

}  // namespace ks::local
