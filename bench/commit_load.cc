// How fast a client can send commits at best: the same bytes again and again over four channels,
// with a fixed number under way. Prints seconds and CPU seconds as JSON. Used by end_to_end.py with
// the size and number of the commits that the pipeline made.
//
//   build/release/bin/ks_commit_load --to 127.0.0.1:9020 --commits 200 --bytes 500000 --in-flight 6
#include <google/spanner/v1/spanner.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "env/clock.h"

namespace ks::bench {
namespace {

namespace v1 = google::spanner::v1;

constexpr int kChannels = 4;  // as Google's clients have

struct CommitLoadOptions {
  std::string to;
  int64_t commits = 100;
  int64_t bytes = 1'000'000;  // of a commit, about
  int in_flight = 6;
};

// A commit of rows like those of signups.yaml.
grpc::ByteBuffer MakeCommit(int64_t bytes) {
  v1::CommitRequest request;
  request.set_session("projects/bench/instances/local/databases/app/sessions/bench");
  request.mutable_single_use_transaction()->mutable_read_write();
  v1::Mutation::Write* write = request.add_mutations()->mutable_insert_or_update();
  write->set_table("Users");
  for (const char* name : {"UserId", "Email", "Name", "Country", "CreatedAt", "Score"}) {
    write->add_columns(name);
  }
  int64_t size = 0;
  for (int64_t i = 0; size < bytes; ++i) {
    google::protobuf::ListValue* row = write->add_values();
    row->add_values()->set_string_value(absl::StrFormat("u-%07d", i));
    row->add_values()->set_string_value(absl::StrFormat("person.%d@example.com", i));
    row->add_values()->set_string_value(absl::StrFormat("Person Number %d", i));
    row->add_values()->set_string_value("DE");
    row->add_values()->set_string_value("2024-01-31T08:15:10.123456Z");
    row->add_values()->set_number_value(static_cast<double>(i % 100));
    size += static_cast<int64_t>(row->ByteSizeLong()) + 3;
  }
  const grpc::Slice slice(request.SerializeAsString());
  return {&slice, 1};
}

class Load {
 public:
  Load(const CommitLoadOptions& options, grpc::ByteBuffer commit)
      : left_(options.commits), commit_(std::move(commit)) {
    for (int i = 0; i < kChannels; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt("ks.channel", i);  // channels with equal arguments share a connection
      arguments.SetMaxSendMessageSize(100 << 20);
      stubs_.push_back(std::make_unique<grpc::GenericStub>(
          grpc::CreateCustomChannel(options.to, grpc::InsecureChannelCredentials(), arguments)));
    }
    for (int i = 0; i < options.in_flight; ++i) Next(i);
  }

  // False when a commit was refused.
  bool Wait() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(
        +[](int* under_way) { return *under_way == 0; }, &under_way_));
    return ok_;
  }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer answer;
  };

  void Next(int channel) {
    {
      absl::MutexLock lock(&mu_);
      if (left_ == 0) return;
      --left_;
      ++under_way_;
    }
    auto call = std::make_shared<Call>();
    call->context.set_deadline(env::AfterNanos(30 * env::kNanosPerSecond));
    stubs_[static_cast<size_t>(channel % kChannels)]->UnaryCall(
        &call->context, "/google.spanner.v1.Spanner/Commit", {}, &commit_, &call->answer,
        [this, call, channel](const grpc::Status& status) {
          Next(channel);
          absl::MutexLock lock(&mu_);
          ok_ = ok_ && status.ok();
          --under_way_;
        });
  }

  absl::Mutex mu_;
  int64_t left_ ABSL_GUARDED_BY(mu_);
  int under_way_ ABSL_GUARDED_BY(mu_) = 0;
  bool ok_ ABSL_GUARDED_BY(mu_) = true;
  grpc::ByteBuffer commit_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
};

int Main(int argc, char** argv) {
  CommitLoadOptions options;
  CLI::App app("the same commit, again and again");
  app.add_option("--to", options.to, "HOST:PORT")->required();
  app.add_option("--commits", options.commits)->check(CLI::Range(1, 1'000'000));
  app.add_option("--bytes", options.bytes)->check(CLI::Range(100, 50'000'000));
  app.add_option("--in-flight", options.in_flight)->check(CLI::Range(1, 400));
  CLI11_PARSE(app, argc, argv);

  const grpc::ByteBuffer commit = MakeCommit(options.bytes);
  const int64_t started = env::RealClock().MonotonicNanos();
  Load load(options, commit);
  const bool ok = load.Wait();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  std::printf(R"({"commits":%lld,"bytes":%zu,"seconds":%.3f,"cpu_seconds":%.3f})"
              "\n",
              static_cast<long long>(options.commits), commit.Length(), env::SecondsSince(started),
              seconds(usage.ru_utime) + seconds(usage.ru_stime));
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace ks::bench

int main(int argc, char** argv) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as kafka-spanner does
  return ks::bench::Main(argc, argv);
}
