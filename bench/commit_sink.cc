// A Spanner endpoint that accepts and counts commits: it reads each Commit to its end, counts the
// rows that it writes to one table, and answers after a fixed delay. Everything else (sessions,
// queries, DDL, reads, and the commit that begins a partition's chains) goes on to a real Spanner
// behind it, so that a pipeline finds its tables. What it counted is printed as JSON at SIGTERM.
//
//   kafka-spanner spanner --in-memory --listen 127.0.0.1:9010 --auto-create &
//   build/release/bin/ks_commit_sink --listen 127.0.0.1:9020 --behind 127.0.0.1:9010
//
// With --latency, also: from the time in column CreatedAt of each row to the answer of its commit;
// rows of 1970 are not timed.
// Used by end_to_end.py; this is the yardstick, not the thing measured, so it does as little as it
// can.
#include <google/protobuf/io/coded_stream.h>
#include <google/spanner/v1/spanner.pb.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "env/clock.h"

namespace ks::bench {
namespace {

namespace v1 = google::spanner::v1;
using google::protobuf::io::CodedInputStream;

constexpr char kTable[] = "Users";
constexpr char kTimeColumn[] = "CreatedAt";
constexpr char kGenesisTable[] = "kafka_spanner.Partitions";
constexpr int kMessageBytesMax = 100 << 20;

// Protobuf's wire tags: field number << 3 | 2 (length-delimited).
constexpr uint32_t kCommitMutations = 4 << 3 | 2;
constexpr uint32_t kWriteTable = 1 << 3 | 2;
constexpr uint32_t kWriteValues = 3 << 3 | 2;

struct Counts {
  std::atomic<int64_t> commits{0};
  std::atomic<int64_t> rows{0};
  std::atomic<int64_t> bytes{0};
  std::atomic<int64_t> first_at{0};  // when the first and the last commit came; monotonic
  std::atomic<int64_t> last_at{0};
  absl::Mutex mu;
  std::vector<float> latencies_ms ABSL_GUARDED_BY(mu);
};

// What one commit holds, without building messages of it.
struct Contents {
  int64_t rows = 0;
  bool genesis = false;
};

template <typename Visit>
void ForEachField(CodedInputStream& in, const Visit& visit) {
  while (const uint32_t tag = in.ReadTag()) {
    if ((tag & 7) == 2) {
      uint32_t length = 0;
      if (!in.ReadVarint32(&length)) return;
      const auto limit = in.PushLimit(static_cast<int>(length));
      visit(tag);
      in.Skip(in.BytesUntilLimit());
      in.PopLimit(limit);
    } else {
      uint64_t unused = 0;
      in.ReadVarint64(&unused);  // CommitRequest has no fixed-width fields
    }
  }
}

Contents Look(const grpc::ByteBuffer& request) {
  grpc::ByteBuffer shared = request;
  grpc::ProtoBufferReader reader(&shared);
  CodedInputStream in(&reader);
  Contents contents;
  ForEachField(in, [&](uint32_t field) {
    if (field != kCommitMutations) return;
    ForEachField(in, [&](uint32_t) {  // the operation
      bool counts = false;
      ForEachField(in, [&](uint32_t part) {
        if (part == kWriteValues && counts) ++contents.rows;
        if (part != kWriteTable) return;
        std::string table;
        in.ReadString(&table, in.BytesUntilLimit());
        counts = table == kTable;
        contents.genesis |= table == kGenesisTable;
      });
    });
  });
  return contents;
}

// When the rows of a commit were produced.
std::vector<int64_t> TimesOf(const grpc::ByteBuffer& request) {
  std::vector<int64_t> times;
  grpc::ByteBuffer shared = request;
  grpc::ProtoBufferReader reader(&shared);
  v1::CommitRequest commit;
  if (!commit.ParseFromZeroCopyStream(&reader)) return times;
  for (const v1::Mutation& mutation : commit.mutations()) {
    const v1::Mutation::Write& write = mutation.insert_or_update();
    const auto column = std::find(write.columns().begin(), write.columns().end(), kTimeColumn);
    if (write.table() != kTable || column == write.columns().end()) continue;
    const auto index = static_cast<int>(column - write.columns().begin());
    for (const auto& row : write.values()) {
      absl::Time time;
      const std::string& text = row.values(index).string_value();
      if (absl::ParseTime(absl::RFC3339_full, text, &time, nullptr) && time > absl::UnixEpoch()) {
        times.push_back(absl::ToUnixNanos(time));
      }
    }
  }
  return times;
}

grpc::ByteBuffer CommitAnswer() {
  v1::CommitResponse response;
  const int64_t now = env::RealClock().NowNanos();
  response.mutable_commit_timestamp()->set_seconds(now / env::kNanosPerSecond);
  response.mutable_commit_timestamp()->set_nanos(static_cast<int32_t>(now % env::kNanosPerSecond));
  const grpc::Slice slice(response.SerializeAsString());
  return {&slice, 1};
}

struct SinkOptions {
  std::string listen = "127.0.0.1:0";
  std::string behind;
  int64_t commit_delay_ms = 0;
  bool latency = false;
};

// Runs what it is given after a fixed delay, in order; gRPC's own alarms are a millisecond coarse.
class DelayLine {
 public:
  explicit DelayLine(int64_t delay_nanos) : delay_nanos_(delay_nanos), thread_([this] { Run(); }) {}
  ~DelayLine() {
    Add(nullptr);
    thread_.join();
  }
  void Add(std::function<void()> work) {
    absl::MutexLock lock(&mu_);
    waiting_.push_back({env::RealClock().MonotonicNanos() + delay_nanos_, std::move(work)});
  }

 private:
  struct Waiting {
    int64_t due;
    std::function<void()> work;  // null: the end
  };
  void Run() {
    while (true) {
      Waiting next;
      {
        absl::MutexLock lock(&mu_);
        mu_.Await(absl::Condition(
            +[](std::deque<Waiting>* waiting) { return !waiting->empty(); }, &waiting_));
        next = std::move(waiting_.front());
        waiting_.pop_front();
      }
      if (next.work == nullptr) return;
      const int64_t early = next.due - env::RealClock().MonotonicNanos();
      if (early > 0) env::SleepFor(early);
      next.work();
    }
  }

  const int64_t delay_nanos_;
  absl::Mutex mu_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mu_);
  std::thread thread_;
};

// A call of its own to the Spanner behind: one request, all answers.
class ForwardedCall : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  using Done = std::function<void(const grpc::Status&, std::vector<grpc::ByteBuffer>)>;
  ForwardedCall(grpc::GenericStub& stub, const std::string& method, grpc::ByteBuffer request,
                Done done)
      : request_(std::move(request)), done_(std::move(done)) {
    context_.set_deadline(env::AfterNanos(60 * env::kNanosPerSecond));
    stub.PrepareBidiStreamingCall(&context_, method, {}, this);
    StartWriteLast(&request_, grpc::WriteOptions());
    StartRead(&answer_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    answers_.push_back(answer_);
    StartRead(&answer_);
  }
  void OnDone(const grpc::Status& status) override {
    done_(status, std::move(answers_));
    delete this;
  }

 private:
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer answer_;
  std::vector<grpc::ByteBuffer> answers_;
  const Done done_;
};

class SinkCall : public grpc::ServerGenericBidiReactor {
 public:
  SinkCall(const SinkOptions& options, Counts& counts, DelayLine& delay, grpc::GenericStub& behind,
           std::string method)
      : options_(options),
        counts_(counts),
        delay_(delay),
        behind_(behind),
        method_(std::move(method)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "no request"));
    if (!absl::EndsWith(method_, "Spanner/Commit")) return Forward();
    const Contents contents = Look(request_);
    if (contents.genesis) return Forward();
    Count(contents.rows);
    if (options_.commit_delay_ms == 0) return Answer();
    delay_.Add([this] { Answer(); });
  }
  void OnWriteDone(bool ok) override {
    if (ok) WriteNext();
  }
  void OnDone() override { delete this; }

 private:
  void Count(int64_t rows) {
    const int64_t now = env::RealClock().MonotonicNanos();
    int64_t none = 0;
    counts_.first_at.compare_exchange_strong(none, now);
    counts_.last_at = now;
    ++counts_.commits;
    counts_.rows += rows;
    counts_.bytes += static_cast<int64_t>(request_.Length());
  }
  void Answer() {
    if (options_.latency) {
      const int64_t now = env::RealClock().NowNanos();
      absl::MutexLock lock(&counts_.mu);
      for (const int64_t time : TimesOf(request_)) {
        counts_.latencies_ms.push_back(static_cast<float>(now - time) / env::kNanosPerMilli);
      }
    }
    answers_.push_back(CommitAnswer());
    StartWriteAndFinish(&answers_[0], grpc::WriteOptions(), grpc::Status::OK);
  }
  void Forward() {
    new ForwardedCall(behind_, method_, std::move(request_),
                      [this](const grpc::Status& status, std::vector<grpc::ByteBuffer> answers) {
                        status_ = status;
                        answers_ = std::move(answers);
                        WriteNext();
                      });
  }
  void WriteNext() {
    if (written_ == answers_.size()) return Finish(status_);
    StartWrite(&answers_[written_++]);
  }

  const SinkOptions& options_;
  Counts& counts_;
  DelayLine& delay_;
  grpc::GenericStub& behind_;
  const std::string method_;
  grpc::ByteBuffer request_;
  std::vector<grpc::ByteBuffer> answers_;
  size_t written_ = 0;
  grpc::Status status_;
};

class SinkService : public grpc::CallbackGenericService {
 public:
  explicit SinkService(const SinkOptions& options)
      : options_(options),
        delay_(options.commit_delay_ms * env::kNanosPerMilli),
        behind_(grpc::CreateChannel(options.behind, grpc::InsecureChannelCredentials())) {}
  Counts& counts() { return counts_; }

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new SinkCall(options_, counts_, delay_, behind_, context->method());
  }

  const SinkOptions& options_;
  DelayLine delay_;
  grpc::GenericStub behind_;
  Counts counts_;
};

void Print(Counts& counts) {
  absl::MutexLock lock(&counts.mu);
  std::vector<float>& latencies = counts.latencies_ms;
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) {
    if (latencies.empty()) return 0.0F;
    const auto last = static_cast<double>(latencies.size() - 1);
    return latencies[static_cast<size_t>(share * last)];
  };
  const auto seconds = static_cast<double>(counts.last_at - counts.first_at) / 1e9;
  std::printf(R"({"commits":%lld,"rows":%lld,"bytes":%lld,"seconds":%.3f,)",
              static_cast<long long>(counts.commits), static_cast<long long>(counts.rows),
              static_cast<long long>(counts.bytes), seconds);
  std::printf(R"("timed":%zu,"p50_ms":%.2f,"p99_ms":%.2f,"max_ms":%.2f})"
              "\n",
              latencies.size(), at(0.5), at(0.99), at(1));
}

int Main(int argc, char** argv) {
  SinkOptions options;
  CLI::App app("a Spanner endpoint that accepts and counts commits");
  app.add_option("--listen", options.listen, "HOST:PORT")->required();
  app.add_option("--behind", options.behind, "HOST:PORT of a Spanner for all else")->required();
  app.add_option("--commit-delay-ms", options.commit_delay_ms, "answers a commit after this");
  app.add_flag("--latency", options.latency, "measure from column CreatedAt to the answer");
  CLI11_PARSE(app, argc, argv);

  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);  // before gRPC starts its threads
  SinkService service(options);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen, grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  int signal = 0;
  sigwait(&stop, &signal);
  Print(service.counts());
  server->Shutdown(env::AfterNanos(env::kNanosPerSecond));
  return 0;
}

}  // namespace
}  // namespace ks::bench

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as kafka-spanner does
  return ks::bench::Main(argc, argv);
}
