#include "local/spanner/storage/row_blocks.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <thread>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "base/status_macros.h"
#include "local/spanner/storage/span_cutter.h"
#include "local/spanner/storage/store.h"

namespace ks::local {

namespace {

std::atomic<int> helpers_running{0};

std::unique_ptr<StoreIterator> Open(const RowScan& scan, const KeySpan& span) {
  return scan.reverse ? scan.store->ScanBack(span, scan.at) : scan.store->Scan(span, scan.at);
}

// How many of `wanted` helpers may run; who takes them gives them back.
int TakePlaces(int wanted) {
  const int before = helpers_running.fetch_add(wanted);
  const int given = std::clamp(kReadAheadThreads - before, 0, wanted);
  helpers_running.fetch_sub(wanted - given);
  return given;
}

}  // namespace

// Threads that read the parts of what is left of a scan, in the order of the parts.
class RowBlocks::Helpers {
 public:
  // `rest`: the scan from `span` on. Null, and `rest` stays, when there are too many helpers.
  static std::unique_ptr<Helpers> Start(const RowScan& scan, KeySpan span,
                                        std::unique_ptr<StoreIterator>& rest) {
    const int places = TakePlaces(scan.at == kLatest ? 1 : kReadAheadThreadsOfScan);
    if (places == 0) return nullptr;
    return std::unique_ptr<Helpers>(new Helpers(scan, std::move(span), std::move(rest), places));
  }
  ~Helpers() {
    {
      absl::MutexLock lock(&mu_);
      stop_ = true;
      room_.SignalAll();
    }
    for (std::thread& thread : threads_) thread.join();
    helpers_running.fetch_sub(places_);
  }

  // Swaps: the old block's memory is used again.
  absl::Status Next(RowBlock* block) {
    absl::MutexLock lock(&mu_);
    spare_.push_back(std::move(*block));
    block->Clear();
    while (true) {
      while (parts_.empty() && !all_begun_) filled_.Wait(&mu_);
      if (parts_.empty()) return absl::OkStatus();
      Part& part = *parts_.front();
      while (part.ready.empty() && !part.end) filled_.Wait(&mu_);
      if (!part.ready.empty()) {
        *block = std::move(part.ready.front());
        part.ready.pop_front();
        part.ready_bytes -= block->bytes();
        room_.SignalAll();
        return absl::OkStatus();
      }
      KS_RETURN_IF_ERROR(part.status);  // and stays there
      parts_.pop_front();
      room_.SignalAll();
    }
  }

 private:
  Helpers(const RowScan& scan, KeySpan span, std::unique_ptr<StoreIterator> rest, int places)
      : scan_(scan),
        places_(places),
        rest_(std::move(rest)),
        cutter_(*scan.store, std::move(span), scan.reverse) {
    for (int i = 0; i < places; ++i) threads_.emplace_back([this] { Run(); });
  }

  struct Part {
    std::deque<RowBlock> ready;
    size_t ready_bytes = 0;
    bool end = false;
    absl::Status status;
  };

  void Run() {
    while (true) {
      Part* part = nullptr;
      std::unique_ptr<StoreIterator> rows;
      {
        absl::MutexLock lock(&mu_);
        while (parts_.size() >= static_cast<size_t>(places_) && !stop_) room_.Wait(&mu_);
        if (stop_ || all_begun_) return;
        rows = NextPart();
        if (rows == nullptr) {
          all_begun_ = true;
          filled_.Signal();
          return;
        }
        part = parts_.emplace_back(std::make_unique<Part>()).get();
        filled_.Signal();
      }
      if (!ReadPart(*rows, *part)) return;
    }
  }

  std::unique_ptr<StoreIterator> NextPart() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (scan_.at == kLatest) return std::move(rest_);  // null the second time
    rest_ = nullptr;
    const auto span = cutter_.Next(kPartBytes);
    return span.has_value() ? Open(scan_, *span) : nullptr;
  }

  // False: nobody wants more. At its end the part is the reader's to take away.
  bool ReadPart(StoreIterator& rows, Part& part) {
    RowBlock block;
    while (true) {
      block.Clear();
      rows.Take(kBlockRows, &block);
      absl::MutexLock lock(&mu_);
      if (block.rows() == 0) {
        part.status = rows.status();
        part.end = true;
        filled_.Signal();
        return !stop_;
      }
      part.ready_bytes += block.bytes();
      part.ready.push_back(std::move(block));
      filled_.Signal();
      while (part.ready_bytes >= kReadAheadBytes && !stop_) room_.Wait(&mu_);
      if (stop_) return false;
      block = RowBlock();
      if (!spare_.empty()) {
        block = std::move(spare_.back());
        spare_.pop_back();
      }
    }
  }

  const RowScan& scan_;
  const int places_;
  absl::Mutex mu_;
  absl::CondVar filled_;
  absl::CondVar room_;
  std::unique_ptr<StoreIterator> rest_ ABSL_GUARDED_BY(mu_);
  SpanCutter cutter_ ABSL_GUARDED_BY(mu_);
  std::deque<std::unique_ptr<Part>> parts_ ABSL_GUARDED_BY(mu_);  // begun; the reader's first
  std::vector<RowBlock> spare_ ABSL_GUARDED_BY(mu_);
  bool all_begun_ ABSL_GUARDED_BY(mu_) = false;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::thread> threads_;  // last: they use the others
};

RowBlocks::RowBlocks(RowScan scan) : scan_(std::move(scan)), rows_(Open(scan_, scan_.span)) {}
RowBlocks::~RowBlocks() = default;

absl::Status RowBlocks::Next(uint32_t rows, RowBlock* block) {
  if (helpers_ != nullptr) return helpers_->Next(block);
  block->Clear();
  rows_->Take(rows, block);
  if (block->rows() == 0) return rows_->status();
  full_blocks_ += rows >= kBlockRows;
  if (full_blocks_ == kReadAheadAfterBlocks) {
    helpers_ = Helpers::Start(scan_, RestAfter(block->key(block->rows() - 1)), rows_);
  }
  return absl::OkStatus();
}

KeySpan RowBlocks::RestAfter(std::string_view key) const {
  if (scan_.reverse) return {scan_.span.start, std::string(key)};
  return {std::string(key) + '\0', scan_.span.limit};
}

}  // namespace ks::local
