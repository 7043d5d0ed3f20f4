// A client and a server in memory shake hands; what the client agreed to is known afterwards.
#include "identity/tls_handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <thread>

#include "base/check.h"

namespace ks::identity {
namespace {

using testing::ElementsAre;

// A self-signed certificate, and its key, of `name` and 127.0.0.1.
struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  explicit Identity(const char* name) {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 0x2a);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    ASN1_TIME_set(X509_getm_notAfter(certificate), 2'000'000'000);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    const std::string names = std::string("DNS:") + name + ",IP:127.0.0.1";
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    KS_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

// To its end, both sides on this thread. With `sni`, the client asks for that name.
void ShakeHands(const Identity& identity, int version, const char* sni) {
  SSL_CTX* server_context = SSL_CTX_new(TLS_server_method());
  SSL_CTX* client_context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_use_certificate(server_context, identity.certificate);
  SSL_CTX_use_PrivateKey(server_context, identity.key);
  SSL_CTX_set_max_proto_version(client_context, version);
  SSL* server = SSL_new(server_context);
  SSL* client = SSL_new(client_context);
  BIO *near = nullptr, *far = nullptr;
  BIO_new_bio_pair(&near, 0, &far, 0);
  SSL_set_bio(client, near, near);
  SSL_set_bio(server, far, far);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  if (sni != nullptr) SSL_set_tlsext_host_name(client, sni);
  for (int turn = 0; turn < 10; ++turn) {
    SSL_do_handshake(client);
    SSL_do_handshake(server);
  }
  EXPECT_EQ(SSL_is_init_finished(client), 1);
  for (SSL* each : {client, server}) SSL_free(each);
  for (SSL_CTX* each : {client_context, server_context}) SSL_CTX_free(each);
}

TEST(TlsHandshake, IsKnownOnItsThreadAndByName) {
  WatchTlsHandshakes();
  WatchTlsHandshakes();
  const Identity identity("broker-1");
  ShakeHands(identity, TLS1_3_VERSION, "broker-1");
  const TlsHandshake made = TakeTlsHandshake();
  EXPECT_EQ(made.version, "TLSv1.3");
  EXPECT_EQ(made.cipher, "TLS_AES_256_GCM_SHA384");
  EXPECT_EQ(made.server_name, "broker-1");
  EXPECT_EQ(made.subject, "CN=broker-1");
  EXPECT_EQ(made.issuer, "CN=broker-1");
  EXPECT_EQ(made.serial_number, "2A");
  EXPECT_THAT(made.names, ElementsAre("broker-1", "127.0.0.1"));
  EXPECT_EQ(made.certificate_expires_at, 2'000'000'000);
  EXPECT_EQ(TakeTlsHandshake().version, "") << "taken once";
  EXPECT_EQ(LastTlsHandshakeWith("broker-1").version, "TLSv1.3");
  EXPECT_EQ(LastTlsHandshakeWith("broker-2").version, "");
}

TEST(TlsHandshake, OfAnotherVersionAndThread) {
  WatchTlsHandshakes();
  const Identity identity("old");
  std::thread([&] { ShakeHands(identity, TLS1_2_VERSION, "old"); }).join();
  EXPECT_EQ(TakeTlsHandshake().version, "");
  EXPECT_EQ(LastTlsHandshakeWith("old").version, "TLSv1.2");
  ShakeHands(identity, TLS1_3_VERSION, nullptr);
  EXPECT_EQ(TakeTlsHandshake().server_name, "");
  EXPECT_EQ(LastTlsHandshakeWith("").version, "");
}

}  // namespace
}  // namespace ks::identity
