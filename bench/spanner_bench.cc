// The local Spanner beside Google's emulator (where it is installed), in one run, over gRPC with
// the same client: transactions, reads, queries, start, memory. Both get the same work for the same
// time; what counts is the ratio. Wanted: read-modify-write on different keys by 8 workers 20 times
// the emulator's with no abort, blind commits ahead of it at every count of workers though it keeps
// nothing on disk, scans and joins 10 times as fast, start under 100 ms.
//
// A worker whose transaction was ABORTED waits as Google's clients do, or not at all
// (--retry_at_once; the emulator then spends its time on aborts). The client and both servers
// ask for short turns on the processor alike (env/scheduling.h). What the disk itself allows is
// measured first: a sync of one log record, over bytes that are there (so no metadata). On a
// machine that does other things: chrt -r 3 build/release/bin/ks_spanner_bench.
//
//   cmake --preset release && ninja -C build/release ks_spanner_bench kafka-spanner &&
//   build/release/bin/ks_spanner_bench [--seconds 3] [--rows 1000000] [--emulator_rows 100000]
//       [--only rmw,blind,point,query] [--skip_emulator] [--retry_at_once] [--query_runs 5]
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "env/scheduling.h"
#include "google/longrunning/operations.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.grpc.pb.h"
#include "google/spanner/admin/instance/v1/spanner_instance_admin.grpc.pb.h"
#include "google/spanner/v1/spanner.grpc.pb.h"
#include "spanner_process.h"

namespace ks::bench {
namespace {

namespace pb = google::spanner::v1;
using Clock = std::chrono::steady_clock;

constexpr char kProject[] = "projects/bench";
constexpr char kInstance[] = "projects/bench/instances/bench";
constexpr char kDatabase[] = "projects/bench/instances/bench/databases/bench";
constexpr char kEmulator[] = "/usr/lib/google-cloud-sdk/bin/cloud_spanner_emulator/emulator_main";
constexpr int kChannels = 4;  // as Google's clients have
constexpr int kSessions = 64;
constexpr int kKeysPerWorker = 64;

struct Flags {
  int seconds = 3;
  int64_t rows = 1'000'000;
  int64_t emulator_rows = 100'000;
  std::string only = "rmw,blind,point,query";
  int query_runs = 5;  // the best counts
  bool skip_emulator = false;
  bool retry_at_once = false;
};

[[noreturn]] void Die(const grpc::Status& status) {
  std::fprintf(stderr, "%s (code %d)\n", status.error_message().c_str(), status.error_code());
  std::exit(1);
}
void Require(const grpc::Status& status) {
  if (!status.ok()) Die(status);
}

class Client {
 public:
  explicit Client(const std::string& address) {
    for (int i = 0; i < kChannels; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt("bench.channel", i);  // a connection of its own
      arguments.SetMaxReceiveMessageSize(-1);
      channels_.push_back(
          grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
      stubs_.push_back(pb::Spanner::NewStub(channels_.back()));
    }
    CreateDatabase();
    grpc::ClientContext context;
    pb::BatchCreateSessionsRequest request;
    request.set_database(kDatabase);
    request.set_session_count(kSessions);
    pb::BatchCreateSessionsResponse response;
    Require(stub(0).BatchCreateSessions(&context, request, &response));
    for (const pb::Session& session : response.session()) sessions_.push_back(session.name());
  }

  pb::Spanner::Stub& stub(int worker) { return *stubs_[worker % kChannels]; }
  // One for each worker: the emulator forgets transactions of a session with many.
  const std::string& session(int worker) const { return sessions_[worker % sessions_.size()]; }

 private:
  void CreateDatabase() {
    auto instances = google::spanner::admin::instance::v1::InstanceAdmin::NewStub(channels_[0]);
    google::spanner::admin::instance::v1::CreateInstanceRequest instance;
    instance.set_parent(kProject);
    instance.set_instance_id("bench");
    instance.mutable_instance()->set_config("projects/bench/instanceConfigs/emulator-config");
    instance.mutable_instance()->set_display_name("bench");
    instance.mutable_instance()->set_node_count(1);
    google::longrunning::Operation operation;
    grpc::ClientContext first;
    Require(instances->CreateInstance(&first, instance, &operation));

    auto databases = google::spanner::admin::database::v1::DatabaseAdmin::NewStub(channels_[0]);
    google::spanner::admin::database::v1::CreateDatabaseRequest database;
    database.set_parent(kInstance);
    database.set_create_statement("CREATE DATABASE bench");
    for (const char* statement :
         {"CREATE TABLE Kv (K INT64 NOT NULL, V INT64, S STRING(MAX)) PRIMARY KEY (K)",
          "CREATE TABLE Facts (Id INT64 NOT NULL, GroupId INT64, Val FLOAT64, Name STRING(64)) "
          "PRIMARY KEY (Id)",
          "CREATE TABLE Kinds (GroupId INT64 NOT NULL, RegionId INT64) PRIMARY KEY (GroupId)",
          "CREATE TABLE Regions (RegionId INT64 NOT NULL, Name STRING(64)) "
          "PRIMARY KEY (RegionId)"}) {
      database.add_extra_statements(statement);
    }
    grpc::ClientContext second;
    Require(databases->CreateDatabase(&second, database, &operation));
    auto operations = google::longrunning::Operations::NewStub(channels_[0]);
    while (!operation.done()) {
      google::longrunning::GetOperationRequest request;
      request.set_name(operation.name());
      grpc::ClientContext context;
      Require(operations->GetOperation(&context, request, &operation));
    }
  }

  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<pb::Spanner::Stub>> stubs_;
  std::vector<std::string> sessions_;
};

// ---- Building requests ----

void AddValue(google::protobuf::ListValue* row, int64_t value) {
  row->add_values()->set_string_value(std::to_string(value));
}

pb::Mutation* AddKv(pb::CommitRequest* request, int64_t key, int64_t value) {
  pb::Mutation* mutation = request->add_mutations();
  pb::Mutation::Write* write = mutation->mutable_insert_or_update();
  write->set_table("Kv");
  for (const char* column : {"K", "V", "S"}) write->add_columns(column);
  google::protobuf::ListValue* row = write->add_values();
  AddValue(row, key);
  AddValue(row, value);
  row->add_values()->set_string_value("thirty characters of text here");
  return mutation;
}

pb::ReadRequest PointRead(Client& client, int worker, int64_t key) {
  pb::ReadRequest request;
  request.set_session(client.session(worker));
  request.set_table("Kv");
  request.add_columns("V");
  AddValue(request.mutable_key_set()->add_keys(), key);
  return request;
}

// ---- What one worker does once; false: ABORTED ----

// Waits as the server asks in RetryInfo, or else as the Go client does: 20 ms, and 1.3 times as
// long each time, of that a random part.
class Backoff {
 public:
  static inline bool off = false;

  void Wait(const grpc::ClientContext& context) {
    if (off) return;
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto asked = trailers.find("google.rpc.retryinfo-bin");
    google::rpc::RetryInfo info;
    if (asked != trailers.end() &&
        info.ParseFromArray(asked->second.data(), static_cast<int>(asked->second.size()))) {
      const google::protobuf::Duration& delay = info.retry_delay();
      std::this_thread::sleep_for(std::chrono::seconds(delay.seconds()) +
                                  std::chrono::nanoseconds(delay.nanos()));
      return;
    }
    std::uniform_real_distribution<double> part(0, millis_);
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(part(random_)));
    millis_ = std::min(millis_ * 1.3, 32'000.0);
  }
  void Reset() { millis_ = 20; }

 private:
  double millis_ = 20;
  std::minstd_rand random_{std::random_device()()};
};

// True: done. False: aborted, and has waited. Anything else ends the benchmark.
bool Done(const grpc::Status& status, const grpc::ClientContext& context) {
  thread_local Backoff backoff;
  if (status.error_code() == grpc::StatusCode::ABORTED) {
    backoff.Wait(context);
    return false;
  }
  Require(status);
  backoff.Reset();
  return true;
}

bool Blind(Client& client, int worker, int64_t n) {
  pb::CommitRequest request;
  request.set_session(client.session(worker));
  request.mutable_single_use_transaction()->mutable_read_write();
  AddKv(&request, int64_t{worker} * kKeysPerWorker + n % kKeysPerWorker, n);
  grpc::ClientContext context;
  pb::CommitResponse response;
  return Done(client.stub(worker).Commit(&context, request, &response), context);
}

bool ReadModifyWrite(Client& client, int worker, int64_t n) {
  const int64_t key = int64_t{worker} * kKeysPerWorker + n % kKeysPerWorker;
  pb::ReadRequest read = PointRead(client, worker, key);
  read.mutable_transaction()->mutable_begin()->mutable_read_write();
  pb::CommitRequest commit;
  int64_t value = 0;
  {
    grpc::ClientContext context;
    auto stream = client.stub(worker).StreamingRead(&context, read);
    pb::PartialResultSet part;
    while (stream->Read(&part)) {
      if (part.metadata().has_transaction()) {
        commit.set_transaction_id(part.metadata().transaction().id());
      }
      if (part.values_size() > 0) value = std::stoll(part.values(0).string_value());
      if (part.has_precommit_token()) *commit.mutable_precommit_token() = part.precommit_token();
    }
    const grpc::Status status = stream->Finish();
    if (!status.ok()) return Done(status, context);
  }
  commit.set_session(client.session(worker));
  AddKv(&commit, key, value + 1);
  grpc::ClientContext context;
  pb::CommitResponse response;
  return Done(client.stub(worker).Commit(&context, commit, &response), context);
}

bool Point(Client& client, int worker, int64_t n) {
  const pb::ReadRequest read = PointRead(client, worker, n % kKeysPerWorker);
  grpc::ClientContext context;
  auto stream = client.stub(worker).StreamingRead(&context, read);
  pb::PartialResultSet part;
  while (stream->Read(&part)) {
  }
  Require(stream->Finish());
  return true;
}

// ---- Measuring ----

// The median of a write and an fdatasync of a record, with nobody else.
double SyncMicros(const std::filesystem::path& file) {
  constexpr int kSyncs = 500;
  constexpr off_t kBytes = 1 << 20;
  const int fd = open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  const std::string zeros(kBytes, '\0'), record(200, 'x');
  bool ok = pwrite(fd, zeros.data(), zeros.size(), 0) == kBytes && fsync(fd) == 0;
  std::vector<double> micros;
  for (int i = 0; ok && i < kSyncs; ++i) {
    const auto begun = Clock::now();
    ok = pwrite(fd, record.data(), record.size(), i * static_cast<off_t>(record.size())) > 0 &&
         fdatasync(fd) == 0;
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
  }
  close(fd);
  std::filesystem::remove(file);
  if (!ok) Die(grpc::Status(grpc::StatusCode::UNKNOWN, "cannot write " + file.string()));
  std::sort(micros.begin(), micros.end());
  return micros[micros.size() / 2];
}

struct Rate {
  double per_second = 0;
  double p50_micros = 0;
  double p99_micros = 0;
  int64_t aborts = 0;
};

Rate Measure(Client& client, bool (*once)(Client&, int, int64_t), int workers, int seconds) {
  std::atomic<bool> stop{false};
  std::atomic<int64_t> aborts{0};
  std::vector<std::vector<double>> latencies(workers);
  std::vector<std::thread> threads;
  const auto started = Clock::now();
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      for (int64_t n = 0; !stop; ++n) {
        const auto begun = Clock::now();
        while (!once(client, worker, n)) aborts.fetch_add(1);
        latencies[worker].push_back(
            std::chrono::duration<double, std::micro>(Clock::now() - begun).count());
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double elapsed = std::chrono::duration<double>(Clock::now() - started).count();
  std::vector<double> all;
  for (const auto& one : latencies) all.insert(all.end(), one.begin(), one.end());
  std::sort(all.begin(), all.end());
  return {static_cast<double>(all.size()) / elapsed, all[all.size() / 2],
          all[all.size() * 99 / 100], aborts};
}

void Load(Client& client, const std::string& table, const std::vector<std::string>& columns,
          int64_t rows, const std::function<void(int64_t, google::protobuf::ListValue*)>& fill) {
  constexpr int64_t kBatch = 5'000;
  for (int64_t from = 0; from < rows; from += kBatch) {
    pb::CommitRequest request;
    request.set_session(client.session(0));
    request.mutable_single_use_transaction()->mutable_read_write();
    pb::Mutation::Write* write = request.add_mutations()->mutable_insert_or_update();
    write->set_table(table);
    for (const std::string& column : columns) write->add_columns(column);
    for (int64_t i = from; i < std::min(rows, from + kBatch); ++i) fill(i, write->add_values());
    grpc::ClientContext context;
    pb::CommitResponse response;
    Require(client.stub(0).Commit(&context, request, &response));
  }
}

void LoadFacts(Client& client, int64_t rows) {
  Load(client, "Regions", {"RegionId", "Name"}, 10, [](int64_t i, auto* row) {
    AddValue(row, i);
    row->add_values()->set_string_value("region " + std::to_string(i));
  });
  Load(client, "Kinds", {"GroupId", "RegionId"}, 1'000, [](int64_t i, auto* row) {
    AddValue(row, i);
    AddValue(row, i % 10);
  });
  Load(client, "Facts", {"Id", "GroupId", "Val", "Name"}, rows, [](int64_t i, auto* row) {
    AddValue(row, i);
    AddValue(row, i * 7919 % 1'000);
    row->add_values()->set_number_value(static_cast<double>(i % 1'000) / 7);
    row->add_values()->set_string_value("fact number " + std::to_string(i));
  });
}

double QueryMillis(Client& client, const std::string& sql) {
  pb::ExecuteSqlRequest request;
  request.set_session(client.session(0));
  request.set_sql(sql);
  const auto begun = Clock::now();
  grpc::ClientContext context;
  auto stream = client.stub(0).ExecuteStreamingSql(&context, request);
  pb::PartialResultSet part;
  while (stream->Read(&part)) {
  }
  Require(stream->Finish());
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

// ---- Reporting: one side after the other, then line by line beside each other ----

using Results = std::map<std::string, double>;  // by what was measured, in the order of `names`

class Side {
 public:
  Side(SpannerProcess& process, int64_t rows, const Flags& flags, std::vector<std::string>* names)
      : process_(process), rows_(rows), flags_(flags), names_(names) {}

  Results Run() {
    Add("start, ms", process_.start_millis());
    Add("memory after start, MiB", process_.resident_mib());
    Add("  of it not mapped from files, MiB", process_.anonymous_mib());
    Client client(process_.address());
    for (int worker = 0; worker < 64; ++worker) Blind(client, worker, 0);
    if (Wanted("rmw")) Rates(client, "read-modify-write", &ReadModifyWrite, {1, 8, 64});
    if (Wanted("blind")) Rates(client, "blind commit", &Blind, {1, 8, 64});
    if (Wanted("point")) Rates(client, "point read", &Point, {1, 8});
    if (Wanted("query")) Queries(client);
    Add("memory at the end, MiB", process_.resident_mib());
    return std::move(results_);
  }

 private:
  bool Wanted(const std::string& what) const { return flags_.only.find(what) != std::string::npos; }
  void Add(const std::string& name, double value) {
    if (std::find(names_->begin(), names_->end(), name) == names_->end()) names_->push_back(name);
    results_[name] = value;
  }
  void Rates(Client& client, const std::string& what, bool (*once)(Client&, int, int64_t),
             const std::vector<int>& counts) {
    for (const int workers : counts) {
      const Rate rate = Measure(client, once, workers, flags_.seconds);
      const std::string name = what + ", " + std::to_string(workers) + " workers";
      Add(name + ", per s", rate.per_second);
      Add("  p50, us: " + name, rate.p50_micros);
      Add("  p99, us: " + name, rate.p99_micros);
      Add("  aborts: " + name, static_cast<double>(rate.aborts));
    }
  }
  // Thousands of rows per second, so that sides with different loads compare.
  void Queries(Client& client) {
    LoadFacts(client, rows_);
    const std::pair<const char*, const char*> queries[] = {
        {"scan", "SELECT COUNT(Name) FROM Facts WHERE Val > 100"},
        {"aggregate", "SELECT GroupId, COUNT(*), SUM(Val) FROM Facts GROUP BY GroupId"},
        {"3-way join",
         "SELECT r.Name, COUNT(*), SUM(f.Val) FROM Facts f JOIN Kinds g ON f.GroupId = g.GroupId "
         "JOIN Regions r ON g.RegionId = r.RegionId GROUP BY r.Name"}};
    for (const auto& [name, sql] : queries) {
      double millis = QueryMillis(client, sql);
      for (int i = 1; i < flags_.query_runs; ++i) {
        millis = std::min(millis, QueryMillis(client, sql));
      }
      Add(std::string(name) + ", thousand rows/s", static_cast<double>(rows_) / millis);
      Add("  ms: " + std::string(name), millis);
    }
  }

  SpannerProcess& process_;
  const int64_t rows_;
  const Flags& flags_;
  std::vector<std::string>* names_;
  Results results_;
};

Flags Parse(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--skip_emulator") {
      flags.skip_emulator = true;
    } else if (flag == "--retry_at_once") {
      flags.retry_at_once = true;
    } else if (i + 1 < argc) {
      const std::string value = argv[++i];
      if (flag == "--seconds") flags.seconds = std::stoi(value);
      if (flag == "--rows") flags.rows = std::stoll(value);
      if (flag == "--emulator_rows") flags.emulator_rows = std::stoll(value);
      if (flag == "--only") flags.only = value;
      if (flag == "--query_runs") flags.query_runs = std::stoi(value);
    }
  }
  return flags;
}

int Main(int argc, char** argv) {
  const Flags flags = Parse(argc, argv);
  const std::filesystem::path program =
      std::filesystem::path(argv[0]).parent_path().parent_path() / "kafka-spanner";
  const std::filesystem::path data =
      std::filesystem::temp_directory_path() / ("spanner_bench." + std::to_string(getpid()));
  // Debian's Abseil looks for lock cycles at every lock, gRPC's included, under one lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  env::AskForShortTurns();
  Backoff::off = flags.retry_at_once;
  const double sync_micros = SyncMicros(data.string() + ".sync");
  std::vector<std::string> names;
  Results ours, theirs;
  {
    SpannerProcess process(
        {program.string(), "spanner", "--data", data.string(), "--listen", "127.0.0.1:0"}, "");
    ours = Side(process, flags.rows, flags, &names).Run();
  }
  std::filesystem::remove_all(data);
  const bool emulator = !flags.skip_emulator && std::filesystem::exists(kEmulator);
  if (emulator) {
    const std::string address = FreeAddress();
    SpannerProcess process({kEmulator, "--host_port=" + address}, address);
    theirs = Side(process, flags.emulator_rows, flags, &names).Run();
  }
  std::printf("%d s each; local Spanner with every commit synced, %ld rows; emulator %ld rows\n",
              flags.seconds, static_cast<long>(flags.rows), static_cast<long>(flags.emulator_rows));
  std::printf("the disk: a write and fdatasync take %.0f us (p50): at most %.0f a second\n",
              sync_micros, 1e6 / sync_micros);
  std::printf("%-48s %14s %14s %9s\n", "", "local Spanner", "emulator", "ratio");
  for (const std::string& name : names) {
    std::printf("%-48s %14.1f", name.c_str(), ours[name]);
    if (emulator) std::printf(" %14.1f %9.2f", theirs[name], ours[name] / theirs[name]);
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace ks::bench

int main(int argc, char** argv) { return ks::bench::Main(argc, argv); }
