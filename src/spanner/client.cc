#include "spanner/client.h"

#include <google/spanner/v1/spanner.pb.h>

#include <future>

#include "base/status_macros.h"
#include "spanner/errors.h"
#include "spanner/limits.h"
#include "spanner/wire.h"

namespace ks::spanner {
namespace {

namespace v1 = google::spanner::v1;

v1::RequestOptions::Priority ToProto(Priority priority) {
  switch (priority) {
    case Priority::kLow:
      return v1::RequestOptions::PRIORITY_LOW;
    case Priority::kMedium:
      return v1::RequestOptions::PRIORITY_MEDIUM;
    case Priority::kHigh:
      return v1::RequestOptions::PRIORITY_HIGH;
    case Priority::kDefault:
      break;
  }
  return v1::RequestOptions::PRIORITY_UNSPECIFIED;
}

CommitAnswer ToAnswer(const absl::Status& status, const grpc::ByteBuffer& bytes) {
  CommitAnswer answer{status, 0, std::nullopt};
  if (!status.ok()) return answer;
  v1::CommitResponse response;
  if (!FromBuffer(bytes, &response)) {
    answer.status = BadAnswer("Commit");
    return answer;
  }
  const auto& at = response.commit_timestamp();
  answer.commit_timestamp_micros = at.seconds() * 1'000'000 + at.nanos() / 1'000;
  if (response.has_commit_stats()) answer.mutation_count = response.commit_stats().mutation_count();
  return answer;
}

// Waits for a callback's value. The callee has a deadline of its own.
template <typename T, typename Start>
T Await(const Start& start) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  start([promise](T value) { promise->set_value(std::move(value)); });
  return future.get();
}

}  // namespace

Client::Client(std::shared_ptr<Stub> stub, ClientOptions options)
    : stub_(stub),
      options_(options),
      sessions_(stub, options.database, options.role, *options.clock) {}

Client::~Client() = default;

CallOptions Client::OptionsFor(const std::string& session) const {
  CallOptions options;
  options.resource_prefix = options_.database;
  options.routing_value = session;
  return options;
}

CallOptions Client::RowOptionsFor(const std::string& session) const {
  CallOptions options = OptionsFor(session);
  options.cancellation = options_.cancellation;
  return options;
}

// ---- Commit

std::string Client::CommitHead(const std::string& session, const CommitCall& call) const {
  v1::CommitRequest head;
  head.set_session(session);
  head.mutable_single_use_transaction()->mutable_read_write();
  head.set_return_commit_stats(call.return_commit_stats);
  if (!call.transaction_tag.empty())
    head.mutable_request_options()->set_transaction_tag(call.transaction_tag);
  if (options_.priority != Priority::kDefault) {
    head.mutable_request_options()->set_priority(ToProto(options_.priority));
  }
  if (call.max_commit_delay_ms > 0)
    head.mutable_max_commit_delay()->set_nanos(call.max_commit_delay_ms * 1'000'000);
  return head.SerializeAsString();
}

void Client::Commit(CommitCall call, std::function<void(CommitAnswer)> done) {
  sessions_.Get([this, call = std::move(call),
                 done = std::move(done)](absl::StatusOr<std::string> session) mutable {
    if (!session.ok()) return done({session.status(), 0, std::nullopt});
    CallOptions options = OptionsFor(*session);
    options.timeout_ms = call.timeout_ms;
    const grpc::Slice slices[] = {OwningSlice(CommitHead(*session, call)),
                                  OwningSlice(std::move(call.mutations))};
    stub_->Unary(Method::kCommit, std::move(options), grpc::ByteBuffer(slices, 2),
                 [this, session = *session, done = std::move(done)](
                     const absl::Status& status, const grpc::ByteBuffer& answer) {
                   if (IsSessionNotFound(status)) sessions_.Forget(session);
                   done(ToAnswer(status, answer));
                 });
  });
}

CommitAnswer Client::CommitNow(CommitCall call) {
  return Await<CommitAnswer>([&](auto done) { Commit(std::move(call), done); });
}

// ---- Reads and queries

struct Client::RowCall {
  Method method;
  RequestForToken request;  // its session is `session`
  std::function<void(const std::string&)> set_session;
  RowConsumer consumer;
  std::string session;
  bool started = false;  // the consumer has seen something
  bool session_renewed = false;
};

void Client::RunRows(std::shared_ptr<RowCall> call) {
  sessions_.Get([this, call](const absl::StatusOr<std::string>& session) {
    if (!session.ok()) return call->consumer.done(session.status());
    call->session = *session;
    call->set_session(*session);
    RowConsumer consumer = call->consumer;
    consumer.metadata = [call](const v1::ResultSetMetadata& metadata) {
      call->started = true;
      if (call->consumer.metadata) call->consumer.metadata(metadata);
    };
    consumer.done = [this, call](absl::Status status) {
      if (IsSessionNotFound(status)) {
        sessions_.Forget(call->session);
        if (!call->started && !std::exchange(call->session_renewed, true)) return RunRows(call);
      }
      call->consumer.done(std::move(status));
    };
    StreamRows(stub_, call->method, RowOptionsFor(*session), call->request, /*resumable=*/true,
               *options_.clock, *options_.random, std::move(consumer));
  });
}

namespace {

// A request that is sent again with another session or resume token.
template <typename Request>
struct Resend {
  explicit Resend(Request r) : request(std::move(r)) {
    if (!request.has_transaction()) {
      request.mutable_transaction()->mutable_single_use()->mutable_read_only()->set_strong(true);
    }
  }
  std::string For(const std::string& token) {
    request.set_resume_token(token);
    return request.SerializeAsString();
  }
  Request request;
};

// Gathers all rows into one ResultSet.
RowConsumer Gather(ResultDone done, const char* what) {
  struct Gathered {
    std::shared_ptr<v1::ResultSet> result = std::make_shared<v1::ResultSet>();
    int64_t bytes = 0;
    bool too_many = false;
  };
  auto gathered = std::make_shared<Gathered>();
  RowConsumer consumer;
  consumer.metadata = [gathered](const v1::ResultSetMetadata& m) {
    *gathered->result->mutable_metadata() = m;
  };
  consumer.rows = [gathered](std::vector<google::protobuf::ListValue> rows) {
    for (auto& row : rows) {
      gathered->bytes += static_cast<int64_t>(row.ByteSizeLong());
      *gathered->result->add_rows() = std::move(row);
    }
    gathered->too_many = gathered->bytes > kGatheredBytesMax;
    return !gathered->too_many;
  };
  consumer.stats = [gathered](const v1::ResultSetStats& s) {
    *gathered->result->mutable_stats() = s;
  };
  consumer.done = [gathered, what, done = std::move(done)](absl::Status status) {
    if (gathered->too_many) status = TooManyRows(what);
    if (!status.ok()) return done(std::move(status));
    done(ResultPtr(gathered->result));
  };
  return consumer;
}

}  // namespace

void Client::Read(const v1::ReadRequest& request, ResultDone done) {
  auto resend = std::make_shared<Resend<v1::ReadRequest>>(request);
  auto call = std::make_shared<RowCall>();
  call->method = Method::kStreamingRead;
  call->request = [resend](const std::string& token) { return resend->For(token); };
  call->set_session = [resend](const std::string& session) {
    resend->request.set_session(session);
  };
  call->consumer = Gather(std::move(done), "the read");
  RunRows(std::move(call));
}

void Client::QueryRows(const v1::ExecuteSqlRequest& request, RowConsumer consumer) {
  auto resend = std::make_shared<Resend<v1::ExecuteSqlRequest>>(request);
  auto call = std::make_shared<RowCall>();
  call->method = Method::kExecuteStreamingSql;
  call->request = [resend](const std::string& token) { return resend->For(token); };
  call->set_session = [resend](const std::string& session) {
    resend->request.set_session(session);
  };
  call->consumer = std::move(consumer);
  RunRows(std::move(call));
}

void Client::Query(const v1::ExecuteSqlRequest& request, ResultDone done) {
  QueryRows(request, Gather(std::move(done), "the query's result"));
}

absl::StatusOr<ResultPtr> Client::ReadNow(const v1::ReadRequest& request) {
  return Await<absl::StatusOr<ResultPtr>>([&](auto done) { Read(request, done); });
}

absl::StatusOr<ResultPtr> Client::QueryNow(const v1::ExecuteSqlRequest& request) {
  return Await<absl::StatusOr<ResultPtr>>([&](auto done) { Query(request, done); });
}

absl::StatusOr<ResultPtr> Client::QueryNow(const std::string& sql) {
  v1::ExecuteSqlRequest request;
  request.set_sql(sql);
  return QueryNow(request);
}

absl::StatusOr<std::string> Client::SessionNow() {
  return Await<absl::StatusOr<std::string>>([&](auto done) { sessions_.Get(done); });
}

}  // namespace ks::spanner
