// What stands around a call: the credential that it carries, and what the connection log hears.
#include "spanner/auth_stub.h"

#include <gmock/gmock.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include "base/str_cat.h"
#include "spanner/log_stub.h"

namespace ks::spanner {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A Spanner that answers at once, with what it is told to.
class AnswersAtOnce : public Stub {
 public:
  struct State {
    absl::Status answer;
    std::vector<std::string> credentials;  // of each call
  };
  explicit AnswersAtOnce(State& state) : state_(state) {}

  void Unary(Method, CallOptions options, const grpc::ByteBuffer&, UnaryDone done) override {
    Take(options);
    done(state_.answer, grpc::ByteBuffer());
  }
  void Stream(Method, CallOptions options, const grpc::ByteBuffer&, StreamMessage,
              StreamDone done) override {
    Take(options);
    done(state_.answer);
  }

 private:
  void Take(const CallOptions& options) {
    std::string found;
    for (const auto& [name, value] : options.headers) {
      if (name == "authorization") found = value;
    }
    state_.credentials.push_back(found);
  }
  State& state_;
};

class GivenCredential : public CredentialSource {
 public:
  explicit GivenCredential(absl::StatusOr<std::string>& value) : value_(value) {}
  absl::StatusOr<std::string> Authorization() override { return value_; }

 private:
  absl::StatusOr<std::string>& value_;
};

class Kept : public identity::ConnectionLog {
 public:
  void Record(const identity::ConnectionAttempt& attempt) override { all.push_back(attempt); }
  std::vector<identity::ConnectionAttempt> all;
};

class AuthStubTest : public testing::Test {
 protected:
  AuthStubTest() {
    std::unique_ptr<Stub> stub = std::make_unique<AnswersAtOnce>(server_);
    stub = WithConnectionLog(std::move(stub), "spanner.test:443", /*tls=*/true, log_, clock_);
    stub_ = WithAuth(std::move(stub), std::make_unique<GivenCredential>(credential_));
  }
  absl::Status Call() {
    absl::Status result;
    stub_->Unary(Method::kCommit, {}, grpc::ByteBuffer(),
                 [&](absl::Status status, const grpc::ByteBuffer&) { result = std::move(status); });
    return result;
  }
  absl::Status Stream() {
    absl::Status result;
    stub_->Stream(
        Method::kStreamingRead, {}, grpc::ByteBuffer(), [](const auto&) { return true; },
        [&](absl::Status status) { result = std::move(status); });
    return result;
  }
  std::vector<bool> Logged() const {
    std::vector<bool> results;
    for (const auto& attempt : log_.all) results.push_back(attempt.result.ok());
    return results;
  }

  AnswersAtOnce::State server_;
  absl::StatusOr<std::string> credential_ = "Bearer one";
  Kept log_;
  env::SimClock clock_{1'000};
  std::unique_ptr<Stub> stub_;
};

TEST_F(AuthStubTest, EachCallCarriesTheCredentialOfItsTime) {
  ASSERT_TRUE(Call().ok());
  credential_ = "Bearer two";
  ASSERT_TRUE(Stream().ok());
  credential_ = "";
  ASSERT_TRUE(Call().ok());
  EXPECT_THAT(server_.credentials, ElementsAre("Bearer one", "Bearer two", ""));
}

TEST_F(AuthStubTest, WithoutACredentialNothingIsSent) {
  credential_ = absl::UnavailableError("no token");
  EXPECT_TRUE(absl::IsUnavailable(Call()));
  EXPECT_TRUE(absl::IsUnavailable(Stream()));
  EXPECT_THAT(server_.credentials, IsEmpty());
}

TEST_F(AuthStubTest, TheLogHearsOfEachCredentialOnceAndOfEveryRefusal) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Call().ok());
  EXPECT_THAT(Logged(), ElementsAre(true));
  credential_ = "Bearer two";
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Stream().ok());
  EXPECT_THAT(Logged(), ElementsAre(true, true));
  server_.answer = absl::UnauthenticatedError("not you");
  EXPECT_FALSE(Call().ok());
  EXPECT_FALSE(Stream().ok());
  server_.answer = absl::AlreadyExistsError("a row");  // an answer like any other
  EXPECT_FALSE(Call().ok());
  EXPECT_THAT(Logged(), ElementsAre(true, true, false, false, true));
}

TEST_F(AuthStubTest, TheLogSaysWhereAndHowAndNeverTheCredential) {
  server_.answer = absl::UnavailableError("gone");
  EXPECT_FALSE(Call().ok());
  const std::string line = identity::ToOcsf(log_.all.at(0));
  EXPECT_THAT(line, HasSubstr("spanner.test"));
  EXPECT_THAT(line, HasSubstr("TLS Bearer /google.spanner.v1.Spanner/Commit"));
  EXPECT_THAT(line, HasSubstr("gone"));
  EXPECT_THAT(line, Not(HasSubstr("Bearer one")));
}

}  // namespace
}  // namespace ks::spanner
