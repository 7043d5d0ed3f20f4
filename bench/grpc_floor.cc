// What gRPC itself allows on this machine: commits that do nothing, answered by a bare server. A
// server of the same API on the same machine cannot be faster than this, so these numbers bound
// what bench/spanner_bench.cc can find. Servers: gRPC's synchronous one, and one thread at a
// completion queue; each also with a disk, where an answer waits until 200 bytes of its own are
// written and synced over bytes that are there (requests that have come meanwhile share a sync).
// The client is that of spanner_bench: a blocking thread for each worker, four connections, the
// same CommitRequest.
//
//   ninja -C build/release ks_grpc_floor && chrt -r 3 build/release/bin/ks_grpc_floor [--seconds 2]
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "env/scheduling.h"
#include "google/spanner/v1/spanner.grpc.pb.h"
#include "spanner_process.h"

namespace ks::bench {
namespace {

namespace pb = google::spanner::v1;
using Clock = std::chrono::steady_clock;

constexpr int kChannels = 4;

// ---- The servers ----

// Records of 200 bytes over zeros, synced. Not for several threads at once.
class Disk {
 public:
  explicit Disk(const std::string& file) {
    if (file == "none") return;
    fd_ = open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    const std::string zeros(kBytes, '\0');
    if (pwrite(fd_, zeros.data(), zeros.size(), 0) != kBytes || fsync(fd_) != 0) std::abort();
  }
  void Sync(size_t records) {
    if (fd_ < 0 || records == 0) return;
    const std::string bytes(records * 200, 'x');
    if (at_ + static_cast<off_t>(bytes.size()) > kBytes) at_ = 0;
    if (pwrite(fd_, bytes.data(), bytes.size(), at_) < 0 || fdatasync(fd_) != 0) std::abort();
    at_ += static_cast<off_t>(bytes.size());
  }

 private:
  static constexpr off_t kBytes = 1 << 20;
  int fd_ = -1;
  off_t at_ = 0;
};

class SyncService : public pb::Spanner::Service {
 public:
  explicit SyncService(Disk& disk) : disk_(disk) {}
  grpc::Status Commit(grpc::ServerContext*, const pb::CommitRequest*,
                      pb::CommitResponse*) override {
    disk_.Sync(1);
    return grpc::Status::OK;
  }

 private:
  Disk& disk_;
};

using AsyncService = pb::Spanner::WithAsyncMethod_Commit<pb::Spanner::Service>;

struct AsyncCall {
  AsyncCall() : answer(&context) {}
  grpc::ServerContext context;
  pb::CommitRequest request;
  grpc::ServerAsyncResponseWriter<pb::CommitResponse> answer;
  bool answered = false;
};

[[noreturn]] void ServeByOneThread(AsyncService& service, grpc::ServerCompletionQueue& queue,
                                   Disk& disk, int64_t spin_micros) {
  const auto await = [&] {
    auto* call = new AsyncCall;
    service.RequestCommit(&call->context, &call->request, &call->answer, &queue, &queue, call);
  };
  for (int i = 0; i < 64; ++i) await();
  std::vector<AsyncCall*> group;
  auto idle_since = Clock::now();
  while (true) {
    void* tag = nullptr;
    bool ok = false;
    const bool poll = !group.empty() || (Clock::now() - idle_since).count() / 1000 < spin_micros;
    const auto deadline =
        poll ? gpr_time_0(GPR_CLOCK_MONOTONIC) : gpr_inf_future(GPR_CLOCK_MONOTONIC);
    if (queue.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
      auto* call = static_cast<AsyncCall*>(tag);
      if (call->answered) {
        delete call;
        continue;
      }
      await();
      group.push_back(call);
      continue;
    }
    if (group.empty()) continue;
    disk.Sync(group.size());
    for (AsyncCall* call : group) {
      call->answered = true;
      call->answer.Finish(pb::CommitResponse(), grpc::Status::OK, call);
    }
    group.clear();
    idle_since = Clock::now();
  }
}

int Serve(const std::string& kind, const std::string& file) {
  Disk disk(file);
  SyncService sync(disk);
  AsyncService async;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
  if (kind == "sync") {
    builder.RegisterService(&sync);
  } else {
    builder.RegisterService(&async);
    queue = builder.AddCompletionQueue();
  }
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  std::printf("The server listens on 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  if (kind != "sync") ServeByOneThread(async, *queue, disk, kind == "spin" ? 60 : 0);
  server->Wait();
  return 0;
}

// ---- The client ----

void Commit(pb::Spanner::Stub& stub, int64_t n) {
  pb::CommitRequest request;
  request.set_session("projects/bench/instances/bench/databases/bench/sessions/0123456789abcdef");
  request.mutable_single_use_transaction()->mutable_read_write();
  pb::Mutation::Write* write = request.add_mutations()->mutable_insert_or_update();
  write->set_table("Kv");
  for (const char* column : {"K", "V", "S"}) write->add_columns(column);
  google::protobuf::ListValue* row = write->add_values();
  row->add_values()->set_string_value(std::to_string(n));
  row->add_values()->set_string_value(std::to_string(n));
  row->add_values()->set_string_value("thirty characters of text here");
  grpc::ClientContext context;
  pb::CommitResponse response;
  if (!stub.Commit(&context, request, &response).ok()) std::abort();
}

void Measure(const std::string& name, const std::string& address, int seconds) {
  std::vector<std::unique_ptr<pb::Spanner::Stub>> stubs;
  for (int i = 0; i < kChannels; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("bench.channel", i);
    stubs.push_back(pb::Spanner::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
  std::printf("%-40s", name.c_str());
  for (const int workers : {1, 8, 64}) {
    std::atomic<bool> stop{false};
    std::vector<std::vector<double>> latencies(workers);
    std::vector<std::thread> threads;
    const auto started = Clock::now();
    for (int worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&, worker] {
        for (int64_t n = 0; !stop; ++n) {
          const auto begun = Clock::now();
          Commit(*stubs[worker % kChannels], n);
          latencies[worker].push_back(
              std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    std::vector<double> all;
    for (const auto& one : latencies) all.insert(all.end(), one.begin(), one.end());
    std::sort(all.begin(), all.end());
    std::printf(" %9.0f %7.0f",
                all.size() / std::chrono::duration<double>(Clock::now() - started).count(),
                all[all.size() / 2]);
  }
  std::printf("\n");
}

int Main(int argc, char** argv) {
  // Debian's Abseil looks for lock cycles at every lock, gRPC's included, under one lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  env::AskForShortTurns();
  if (argc == 4 && std::string(argv[1]) == "--serve") return Serve(argv[2], argv[3]);
  const int seconds = argc == 3 ? std::atoi(argv[2]) : 2;
  const std::string file =
      (std::filesystem::temp_directory_path() / ("grpc_floor." + std::to_string(getpid())))
          .string();
  std::printf("%-40s %17s %17s %17s\n", "commits a second, p50 in us", "1 worker", "8 workers",
              "64 workers");
  for (const std::string& disk : {std::string("none"), file}) {
    for (const char* const name : {"sync", "loop", "spin"}) {
      const std::string kind = name;
      if (kind == "sync" && disk != "none") continue;
      SpannerProcess process({argv[0], "--serve", kind, disk}, "");
      Measure(kind + (disk == "none" ? "" : ", each commit synced"), process.address(), seconds);
    }
  }
  std::filesystem::remove(file);
  return 0;
}

}  // namespace
}  // namespace ks::bench

int main(int argc, char** argv) { return ks::bench::Main(argc, argv); }
