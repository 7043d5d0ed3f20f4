// A server's certificate changes by its files, and by nothing that is not whole and good.
#include "identity/server_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>

#include "identity/testing/test_keys.h"

namespace ks::identity {
namespace {

using testing::HasSubstr;

class Clock : public env::Clock {
 public:
  int64_t NowNanos() override { return env::RealClock().NowNanos(); }
  int64_t MonotonicNanos() override { return now_ += 2 * env::kNanosPerSecond; }

 private:
  int64_t now_ = 1;
};

class ServerCertificateTest : public testing::Test {
 protected:
  ServerCertificateTest()
      : directory_(testing::TempDir() + "server_certificate_" +
                   testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::create_directories(directory_);
  }
  ~ServerCertificateTest() override { std::filesystem::remove_all(directory_); }

  CertificateFiles Files() const { return {directory_ + "/c.pem", directory_ + "/k.pem"}; }
  void Put(const std::string& chain, const Secret& key) const {
    std::ofstream(Files().certificate) << chain;
    std::ofstream(Files().private_key) << key.Reveal();
  }
  // The name on what a connection would be shown now.
  static std::string Shown(ServerCertificate& certificate) {
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    SSL* connection = SSL_new(context);
    EXPECT_TRUE(certificate.Show(connection));
    char name[100] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get_certificate(connection)),
                              NID_commonName, name, sizeof(name));
    SSL_free(connection);
    SSL_CTX_free(context);
    return name;
  }

  const std::string directory_;
  Clock clock_;
};

TEST_F(ServerCertificateTest, TakesANewPairWhenItIsWhole) {
  const CertificatePem first = SelfSigned("first"), second = SelfSigned("second!");
  Put(first.chain, first.key);
  auto certificate = ServerCertificate::Load(Files(), clock_);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(Shown(**certificate), "first");
  Put(second.chain, first.key);
  EXPECT_EQ(Shown(**certificate), "first") << "the key is still the other's";
  Put(second.chain, second.key);
  EXPECT_EQ(Shown(**certificate), "second!");
}

TEST_F(ServerCertificateTest, KeepsTheOneBeforeWhereTheNewOneIsNone) {
  const CertificatePem first = SelfSigned("first"), ended = SelfSigned("ended...", -3600);
  Put(first.chain, first.key);
  auto certificate = ServerCertificate::Load(Files(), clock_);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  for (const CertificatePem& bad :
       {ended, CertificatePem{"no certificate", first.key, {}}, CertificatePem{},
        CertificatePem{first.chain, Secret("no key"), {}}}) {
    Put(bad.chain, bad.key);
    EXPECT_EQ(Shown(**certificate), "first");
  }
  std::filesystem::remove(Files().private_key);
  EXPECT_EQ(Shown(**certificate), "first");
}

TEST_F(ServerCertificateTest, DoesNotStartWithABadOne) {
  const CertificatePem ended = SelfSigned("ended", -3600);
  Put(ended.chain, ended.key);
  EXPECT_THAT(ServerCertificate::Load(Files(), clock_).status().message(),
              HasSubstr("it has expired"));
  Put(SelfSigned("a").chain, SelfSigned("b").key);
  EXPECT_THAT(ServerCertificate::Load(Files(), clock_).status().message(),
              HasSubstr("do not belong together"));
}

}  // namespace
}  // namespace ks::identity
