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

struct PairText {
  std::string certificate, key;
};

PairText Issue(const char* name, long seconds) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
  X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  BIO* chain = BIO_new(BIO_s_mem());
  BIO* secret = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(chain, certificate);
  PEM_write_bio_PKCS8PrivateKey(secret, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {TakeText(chain), TakeText(secret)};
}

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
  void Put(const std::string& certificate, const std::string& key) const {
    std::ofstream(Files().certificate) << certificate;
    std::ofstream(Files().private_key) << key;
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
  const PairText first = Issue("first", 3600), second = Issue("second!", 3600);
  Put(first.certificate, first.key);
  auto certificate = ServerCertificate::Load(Files(), clock_);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  EXPECT_EQ(Shown(**certificate), "first");
  Put(second.certificate, first.key);
  EXPECT_EQ(Shown(**certificate), "first") << "the key is still the other's";
  Put(second.certificate, second.key);
  EXPECT_EQ(Shown(**certificate), "second!");
}

TEST_F(ServerCertificateTest, KeepsTheOneBeforeWhereTheNewOneIsNone) {
  const PairText first = Issue("first", 3600), ended = Issue("ended...", -3600);
  Put(first.certificate, first.key);
  auto certificate = ServerCertificate::Load(Files(), clock_);
  ASSERT_TRUE(certificate.ok()) << certificate.status();
  for (const PairText& bad : {ended, PairText{"no certificate", first.key}, PairText{"", ""},
                              PairText{first.certificate, "no key"}}) {
    Put(bad.certificate, bad.key);
    EXPECT_EQ(Shown(**certificate), "first");
  }
  std::filesystem::remove(Files().private_key);
  EXPECT_EQ(Shown(**certificate), "first");
}

TEST_F(ServerCertificateTest, DoesNotStartWithABadOne) {
  const PairText ended = Issue("ended", -3600);
  Put(ended.certificate, ended.key);
  EXPECT_THAT(ServerCertificate::Load(Files(), clock_).status().message(),
              HasSubstr("it has expired"));
  Put(Issue("a", 3600).certificate, Issue("b", 3600).key);
  EXPECT_THAT(ServerCertificate::Load(Files(), clock_).status().message(),
              HasSubstr("do not belong together"));
}

}  // namespace
}  // namespace ks::identity
