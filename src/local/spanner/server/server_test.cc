// What the server as a whole does, through the protocol.
#include "local/spanner/server/server.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "env/clock.h"
#include "google/spanner/admin/database/v1/spanner_database_admin.grpc.pb.h"
#include "google/spanner/v1/spanner.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"

namespace ks::local {
namespace {

namespace pb = google::spanner::v1;

constexpr char kDatabase[] = "projects/p/instances/inst/databases/dbase";

// The machine's, and as far ahead as a test says.
class ShiftedClock : public env::Clock {
 public:
  int64_t NowNanos() override { return env::RealClock().NowNanos() + ahead_.load(); }
  int64_t MonotonicNanos() override { return env::RealClock().MonotonicNanos() + ahead_.load(); }
  void Advance(int64_t nanos) { ahead_ += nanos; }

 private:
  std::atomic<int64_t> ahead_ = 0;
};

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.listen_address = "127.0.0.1:0";
    options.clock = &clock_;
    auto server = LocalSpannerServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    const absl::Status made =
        server_->EnsureDatabase(kDatabase, {"CREATE TABLE T (K INT64) PRIMARY KEY (K)"});
    ASSERT_TRUE(made.ok()) << made;
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    spanner_ = pb::Spanner::NewStub(channel_);
    grpc::ClientContext context;
    pb::CreateSessionRequest request;
    request.set_database(kDatabase);
    const grpc::Status status = spanner_->CreateSession(&context, request, &session_);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  grpc::Status Execute(const pb::ExecuteSqlRequest& request, pb::ResultSet* result) {
    grpc::ClientContext context;
    return spanner_->ExecuteSql(&context, request, result);
  }
  pb::ExecuteSqlRequest Query(const std::string& sql) const {
    pb::ExecuteSqlRequest request;
    request.set_session(session_.name());
    request.set_sql(sql);
    return request;
  }

  ShiftedClock clock_;
  std::unique_ptr<LocalSpannerServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::Spanner::Stub> spanner_;
  pb::Session session_;
};

// Strings of every length, alone and inside: a parameter's bytes must outlive the decoding.
TEST_F(ServerTest, StringParametersComeBack) {
  for (const size_t length : {1, 5, 15, 16, 100, 10'000}) {
    pb::ExecuteSqlRequest request = Query("SELECT @p, @a");
    const std::string text(length, 'x');
    auto& fields = *request.mutable_params()->mutable_fields();
    fields["p"].set_string_value(text);
    fields["a"].mutable_list_value()->add_values()->set_string_value(text);
    (*request.mutable_param_types())["p"].set_code(pb::STRING);
    pb::Type& array = (*request.mutable_param_types())["a"];
    array.set_code(pb::ARRAY);
    array.mutable_array_element_type()->set_code(pb::STRING);
    pb::ResultSet result;
    const grpc::Status status = Execute(request, &result);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(result.rows(0).values(0).string_value(), text);
    EXPECT_EQ(result.rows(0).values(1).list_value().values(0).string_value(), text);
  }
}

TEST_F(ServerTest, SessionsOfADroppedDatabaseSayThatItIsGone) {
  auto admin = google::spanner::admin::database::v1::DatabaseAdmin::NewStub(channel_);
  grpc::ClientContext context;
  google::spanner::admin::database::v1::DropDatabaseRequest drop;
  drop.set_database(kDatabase);
  google::protobuf::Empty nothing;
  ASSERT_TRUE(admin->DropDatabase(&context, drop, &nothing).ok());
  pb::ResultSet result;
  const grpc::Status status = Execute(Query("SELECT 1"), &result);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), std::string("Database not found: ") + kDatabase);
}

TEST_F(ServerTest, DirectedReadsAreForReadOnlyTransactions) {
  pb::ExecuteSqlRequest request = Query("SELECT 1");
  request.mutable_directed_read_options()->mutable_include_replicas();
  pb::ResultSet result;
  EXPECT_TRUE(Execute(request, &result).ok());
  request.mutable_transaction()->mutable_begin()->mutable_read_write();
  const grpc::Status status = Execute(request, &result);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

// Before it was made a database is as it is now, without rows.
TEST_F(ServerTest, ReadsBeforeTheBeginning) {
  pb::ExecuteSqlRequest request = Query("SELECT COUNT(*) FROM T");
  pb::TransactionOptions::ReadOnly* read_only =
      request.mutable_transaction()->mutable_single_use()->mutable_read_only();
  read_only->mutable_exact_staleness()->set_seconds(15 * 60);
  pb::ResultSet result;
  const grpc::Status status = Execute(request, &result);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(result.rows(0).values(0).string_value(), "0");
  read_only->mutable_exact_staleness()->set_seconds(2 * 3600);
  EXPECT_EQ(Execute(request, &result).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

// Its text would not fit into the headers that a client takes.
TEST_F(ServerTest, LongErrorsAreCut) {
  pb::ResultSet result;
  const grpc::Status status =
      Execute(Query("SELECT " + std::string(100'000, 'x') + " FROM nowhere"), &result);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  const grpc::Status lost = Execute(
      [&] {
        pb::ExecuteSqlRequest request = Query("SELECT 1");
        request.set_session(session_.name() + std::string(100'000, 'x'));
        return request;
      }(),
      &result);
  EXPECT_EQ(lost.error_code(), grpc::StatusCode::NOT_FOUND) << lost.error_message();
}

// SPANNER_SYS tells of a minute when it is over.
TEST_F(ServerTest, StatisticsCountWhatRan) {
  pb::ResultSet result;
  pb::ExecuteSqlRequest counted = Query("SELECT 1 UNION ALL SELECT 2");
  counted.mutable_request_options()->set_request_tag("here");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Execute(counted, &result).ok());
  ASSERT_FALSE(Execute(Query("SELECT ERROR('no')"), &result).ok());
  grpc::ClientContext context;
  pb::CommitRequest commit;
  commit.set_session(session_.name());
  commit.mutable_single_use_transaction()->mutable_read_write();
  commit.mutable_request_options()->set_transaction_tag("there");
  pb::CommitResponse committed;
  ASSERT_TRUE(spanner_->Commit(&context, commit, &committed).ok());

  const auto ask = [&](const std::string& sql) {
    pb::ResultSet answer;
    const grpc::Status status = Execute(Query(sql), &answer);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return answer.rows_size() == 0 ? std::string() : answer.rows(0).ShortDebugString();
  };
  const std::string mine =
      "SELECT SUM(EXECUTION_COUNT), MAX(AVG_ROWS), MAX(TEXT) FROM "
      "SPANNER_SYS.QUERY_STATS_TOP_MINUTE WHERE REQUEST_TAG = 'here'";
  EXPECT_NE(ask(mine).find("null_value"), std::string::npos);
  clock_.Advance(60 * env::kNanosPerSecond);
  EXPECT_EQ(ask(mine),
            "values { string_value: \"3\" } values { number_value: 2 } "
            "values { string_value: \"SELECT 1 UNION ALL SELECT 2\" }");
  EXPECT_EQ(ask("SELECT SUM(ALL_FAILED_EXECUTION_COUNT) FROM SPANNER_SYS.QUERY_STATS_TOTAL_MINUTE"),
            "values { string_value: \"1\" }");
  EXPECT_EQ(ask("SELECT SUM(COMMIT_ATTEMPT_COUNT) FROM SPANNER_SYS.TXN_STATS_TOP_MINUTE "
                "WHERE TRANSACTION_TAG = 'there'"),
            "values { string_value: \"1\" }");
  EXPECT_EQ(ask("SELECT ACTIVE_COUNT FROM SPANNER_SYS.ACTIVE_QUERIES_SUMMARY"),
            "values { string_value: \"1\" }");  // this one
  EXPECT_EQ(ask("SELECT TABLE_NAME FROM SPANNER_SYS.TABLE_SIZES_STATS_1HOUR"),
            "values { string_value: \"T\" }");
}

TEST_F(ServerTest, ExpiredBackupsGo) {
  namespace admin = google::spanner::admin::database::v1;
  auto stub = admin::DatabaseAdmin::NewStub(channel_);
  admin::CreateBackupRequest create;
  create.set_parent("projects/p/instances/inst");
  create.set_backup_id("short-lived");
  create.mutable_backup()->set_database(kDatabase);
  constexpr int64_t kSixHours = int64_t{6} * 3600 * env::kNanosPerSecond;
  create.mutable_backup()->mutable_expire_time()->set_seconds(
      (clock_.NowNanos() + kSixHours) / env::kNanosPerSecond + 1);
  google::longrunning::Operation operation;
  grpc::ClientContext context;
  const grpc::Status made = stub->CreateBackup(&context, create, &operation);
  ASSERT_TRUE(made.ok()) << made.error_message();
  admin::GetBackupRequest get;
  get.set_name("projects/p/instances/inst/backups/short-lived");
  const auto found = [&] {
    grpc::ClientContext context;
    admin::Backup backup;
    return stub->GetBackup(&context, get, &backup);
  };
  clock_.Advance(kSixHours - 60 * env::kNanosPerSecond);
  env::SleepFor(1'500 * env::kNanosPerMilli);  // housekeeping comes by every second
  EXPECT_TRUE(found().ok());
  clock_.Advance(62 * env::kNanosPerSecond);
  for (int tries = 0; tries < 200 && found().ok(); ++tries) env::SleepFor(50 * env::kNanosPerMilli);
  EXPECT_EQ(found().error_code(), grpc::StatusCode::NOT_FOUND);
}

// gRPC's health service: a message with field 1 = 1 says SERVING.
TEST_F(ServerTest, IsHealthy) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const grpc::ByteBuffer nothing(nullptr, 0);
  auto call = stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", nothing, &queue);
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->StartCall();
  call->Finish(&answer, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  grpc::Slice slice;
  ASSERT_TRUE(answer.DumpToSingleSlice(&slice).ok());
  EXPECT_EQ(std::string(slice.begin(), slice.end()), std::string("\x08\x01"));
}

TEST(Server, DatabasesAreThereAtTheFirstCall) {
  ServerOptions options;
  options.listen_address = "127.0.0.1:0";
  options.databases = {kDatabase};
  const auto server = LocalSpannerServer::Start(options);
  ASSERT_TRUE(server.ok()) << server.status();
  const auto spanner = pb::Spanner::NewStub(
      grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  pb::CreateSessionRequest request;
  request.set_database(kDatabase);
  pb::Session session;
  const grpc::Status status = spanner->CreateSession(&context, request, &session);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// More calls wait for one lock than the server has threads that would serve them one by one; the
// one that they wait for is served all the same.
TEST_F(ServerTest, CallsThatWaitHoldUpNobody) {
  const auto write = [&](pb::CommitRequest* request) {
    request->set_session(session_.name());
    pb::Mutation::Write* upsert = request->add_mutations()->mutable_insert_or_update();
    upsert->set_table("T");
    upsert->add_columns("K");
    upsert->add_values()->add_values()->set_string_value("1");
  };
  pb::ExecuteSqlRequest read = Query("SELECT K FROM T WHERE K = 1 FOR UPDATE");
  read.mutable_transaction()->mutable_begin()->mutable_read_write();
  pb::ResultSet locked;
  ASSERT_TRUE(Execute(read, &locked).ok());
  std::atomic<int> over{0};
  std::vector<std::thread> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.emplace_back([&] {
      pb::CommitRequest request;
      write(&request);
      request.mutable_single_use_transaction()->mutable_read_write();
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      pb::CommitResponse response;
      const grpc::Status status = spanner_->Commit(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      ++over;
    });
  }
  env::SleepFor(200 * env::kNanosPerMilli);
  EXPECT_EQ(over, 0);
  pb::CommitRequest request;
  write(&request);
  request.set_transaction_id(locked.metadata().transaction().id());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  pb::CommitResponse response;
  const grpc::Status status = spanner_->Commit(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (std::thread& thread : waiting) thread.join();
}

// A commit that comes again while the first of its kind is being written waits for its answer.
TEST_F(ServerTest, ACommitSentTwiceAtOnceIsOne) {
  for (int round = 0; round < 20; ++round) {
    pb::ExecuteSqlRequest insert =
        Query("INSERT INTO T (K) VALUES (" + std::to_string(round) + ")");
    insert.mutable_transaction()->mutable_begin()->mutable_read_write();
    pb::ResultSet begun;
    ASSERT_TRUE(Execute(insert, &begun).ok());
    std::vector<pb::CommitResponse> responses(3);
    std::vector<std::thread> threads;
    for (pb::CommitResponse& response : responses) {
      threads.emplace_back([&] {
        pb::CommitRequest request;
        request.set_session(session_.name());
        request.set_transaction_id(begun.metadata().transaction().id());
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
        const grpc::Status status = spanner_->Commit(&context, request, &response);
        EXPECT_TRUE(status.ok()) << status.error_message();
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const pb::CommitResponse& response : responses) {
      EXPECT_EQ(response.commit_timestamp().nanos(), responses[0].commit_timestamp().nanos());
    }
  }
}

// https://cloud.google.com/spanner/docs/reference/rpc/google.spanner.v1#commitrequest: 0 to 500 ms.
TEST_F(ServerTest, CommitDelaysHaveBounds) {
  const auto commit = [&](int64_t millis) {
    pb::CommitRequest request;
    request.set_session(session_.name());
    request.mutable_single_use_transaction()->mutable_read_write();
    request.mutable_max_commit_delay()->set_seconds(millis / 1'000);
    request.mutable_max_commit_delay()->set_nanos(static_cast<int32_t>(millis % 1'000 * 1'000'000));
    grpc::ClientContext context;
    pb::CommitResponse response;
    return spanner_->Commit(&context, request, &response).error_code();
  };
  EXPECT_EQ(commit(0), grpc::StatusCode::OK);
  EXPECT_EQ(commit(500), grpc::StatusCode::OK);
  EXPECT_EQ(commit(501), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(commit(2'500), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(commit(-1), grpc::StatusCode::INVALID_ARGUMENT);
}

// What would last for hours ends soon after its client has given up or gone away, wherever it is at
// work: otherwise SPANNER_SYS would show it still, when the waiting below is over.
class Endless : public ServerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  // True once no query is running but the one that asks.
  bool OnlyOneRuns() {
    pb::ResultSet result;
    const grpc::Status status =
        Execute(Query("SELECT COUNT(*) FROM SPANNER_SYS.OLDEST_ACTIVE_QUERIES"), &result);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return status.ok() && result.rows(0).values(0).string_value() == "1";
  }
  template <typename Condition>
  static bool Within30Seconds(const Condition& condition) {
    const int64_t until = env::RealClock().MonotonicNanos() + 30 * env::kNanosPerSecond;
    while (env::RealClock().MonotonicNanos() < until) {
      if (condition()) return true;
      env::SleepFor(10 * env::kNanosPerMilli);
    }
    return false;
  }
  pb::ExecuteSqlRequest Request() const {
    pb::ExecuteSqlRequest request = Query(GetParam());
    if (request.sql().starts_with("SELECT")) return request;
    request.mutable_transaction()->mutable_begin()->mutable_read_write();
    request.set_seqno(1);
    return request;
  }
};

TEST_P(Endless, EndsWithItsDeadlineAndWithItsClient) {
  pb::ResultSet nothing;
  const grpc::Status filled = [&] {
    pb::ExecuteSqlRequest insert =
        Query("INSERT INTO T (K) SELECT k FROM UNNEST(GENERATE_ARRAY(1, 5000)) AS k");
    insert.mutable_transaction()->mutable_begin()->mutable_read_write();
    pb::ResultSet result;
    grpc::Status status = Execute(insert, &result);
    pb::CommitRequest commit;
    commit.set_session(session_.name());
    commit.set_transaction_id(result.metadata().transaction().id());
    grpc::ClientContext context;
    pb::CommitResponse response;
    return status.ok() ? spanner_->Commit(&context, commit, &response) : status;
  }();
  ASSERT_TRUE(filled.ok()) << filled.error_message();
  {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
    const grpc::Status status = spanner_->ExecuteSql(&context, Request(), &nothing);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << status.error_message();
  }
  EXPECT_TRUE(Within30Seconds([&] { return OnlyOneRuns(); }));
  grpc::ClientContext gone;
  std::thread client([&] {
    const grpc::Status status = spanner_->ExecuteSql(&gone, Request(), &nothing);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED) << status.error_message();
  });
  EXPECT_TRUE(Within30Seconds([&] { return !OnlyOneRuns(); }));
  gone.TryCancel();
  client.join();
  EXPECT_TRUE(Within30Seconds([&] { return OnlyOneRuns(); }));
}

INSTANTIATE_TEST_SUITE_P(
    Queries, Endless,
    ::testing::Values(
        "SELECT COUNT(*) FROM T a, T b, T c, T d",                             // pairs of a join
        "SELECT a.K FROM T a, T b, T c, T d WHERE a.K + b.K + c.K + d.K < 0",  // that give no row
        "SELECT COUNT(*) FROM T a JOIN T b ON a.K < b.K JOIN T c ON c.K < b.K JOIN T d ON d.K < 0 "
        "- c.K",
        "SELECT MOD(a.K, 9), MAX(b.K) FROM T a, T b, T c, T d GROUP BY 1 ORDER BY 2",
        "SELECT COUNT(*) FROM (SELECT DISTINCT MOD(a.K, 7) FROM T a, T b, T c, T d)",
        "SELECT K, (SELECT COUNT(*) FROM T b, T c WHERE b.K + c.K > a.K) FROM T a ORDER BY 2",
        "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 5000)) a, UNNEST(GENERATE_ARRAY(1, 5000)) "
        "b, "
        "UNNEST(GENERATE_ARRAY(1, 5000)) c WHERE a + b + c < 0",
        "DELETE FROM T WHERE K IN (SELECT a.K + b.K + c.K FROM T a, T b, T c)"));

}  // namespace
}  // namespace ks::local
