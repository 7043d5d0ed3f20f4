// A client shows the certificate that is current when the handshake comes, without being made anew.
// The server here speaks TLS alone and hangs up, so that librdkafka keeps coming back.
#include "kafka/client_certificate.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

#include "base/check.h"
#include "base/str_cat.h"
#include "env/clock.h"
#include "identity/testing/test_keys.h"
#include "kafka/properties.h"

namespace ks::kafka {
namespace {

using identity::SelfSigned;

// Takes any certificate, remembers whose the last one was.
class TlsServer {
 public:
  explicit TlsServer(const CertificatePem& own) : context_(SSL_CTX_new(TLS_server_method())) {
    BIO* chain = BIO_new_mem_buf(own.chain.data(), static_cast<int>(own.chain.size()));
    BIO* secret =
        BIO_new_mem_buf(own.key.Reveal().data(), static_cast<int>(own.key.Reveal().size()));
    X509* certificate = PEM_read_bio_X509(chain, nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(secret, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       [](int, X509_STORE_CTX*) { return 1; });
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(chain);
    BIO_free(secret);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    KS_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    KS_CHECK(listen(listener_, 8) == 0);
    socklen_t size = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    SSL_CTX_free(context_);
  }

  std::string address() const { return StrCat("127.0.0.1:", port_); }
  std::string last_name() {
    std::lock_guard lock(mu_);
    return last_name_;
  }
  int handshakes() const { return handshakes_; }

 private:
  void Serve() {
    for (int fd = accept(listener_, nullptr, nullptr); fd >= 0;
         fd = accept(listener_, nullptr, nullptr)) {
      SSL* ssl = SSL_new(context_);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) == 1) {
        X509* peer = SSL_get1_peer_certificate(ssl);
        char name[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof(name));
        X509_free(peer);
        std::lock_guard lock(mu_);
        last_name_ = name;
        ++handshakes_;
      }
      SSL_free(ssl);
      close(fd);
    }
  }

  SSL_CTX* const context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> handshakes_{0};
  std::mutex mu_;
  std::string last_name_;  // guarded by mu_
  std::thread thread_;
};

bool ComesTrue(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000 && !condition(); ++i) env::SleepFor(10 * env::kNanosPerMilli);
  return condition();
}

class ClientCertificateTest : public testing::Test {
 protected:
  ClientCertificateTest() {
    const CertificatePem first = SelfSigned("first");
    ConfPtr conf = *MakeConf({{"bootstrap.servers", server_.address()},
                              {"security.protocol", "ssl"},
                              {"enable.ssl.certificate.verification", "false"},
                              {"reconnect.backoff.ms", "10"},
                              {"reconnect.backoff.max.ms", "20"},
                              {"ssl.certificate.pem", first.chain},
                              {"ssl.key.pem", first.key.Reveal()}},
                             {});
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);
    certificate_.Watch(conf.get());
    char reason[512];
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), reason, sizeof(reason));
    KS_CHECK(handle_ != nullptr);
    (void)conf.release();
  }
  ~ClientCertificateTest() override { rd_kafka_destroy(handle_); }

  TlsServer server_{SelfSigned("server")};
  ClientCertificate certificate_;
  rd_kafka_t* handle_ = nullptr;
};

TEST_F(ClientCertificateTest, TheNextHandshakeShowsTheNewOne) {
  ASSERT_TRUE(ComesTrue([&] { return server_.last_name() == "first"; }));
  for (int i = 0; i < 50; ++i) {
    const std::string name = StrCat("number-", i);
    ASSERT_TRUE(certificate_.Use(SelfSigned(name.c_str())).ok());
    ASSERT_TRUE(ComesTrue([&] { return server_.last_name() == name; })) << server_.last_name();
  }
}

TEST_F(ClientCertificateTest, WhatDoesNotBelongTogetherChangesNothing) {
  CertificatePem mixed = SelfSigned("mixed");
  mixed.key = SelfSigned("other").key;
  EXPECT_TRUE(absl::IsInvalidArgument(certificate_.Use(mixed)));
  mixed.chain = "no certificate";
  EXPECT_TRUE(absl::IsInvalidArgument(certificate_.Use(mixed)));
  const int before = server_.handshakes();
  ASSERT_TRUE(ComesTrue([&] { return server_.handshakes() > before + 1; }));
  EXPECT_EQ(server_.last_name(), "first");
}

}  // namespace
}  // namespace ks::kafka
