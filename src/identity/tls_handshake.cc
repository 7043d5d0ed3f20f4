#include "identity/tls_handshake.h"

#include <openssl/bn.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/str_cat.h"
#include "identity/limits.h"
#include "identity/openssl_owned.h"

namespace ks::identity {
namespace {

thread_local TlsHandshake of_this_thread;

struct Remembered {
  std::mutex mu;
  std::map<std::string, TlsHandshake, std::less<>> by_name;  // guarded by mu
};

Remembered& All() {
  static auto* const all = new Remembered();
  return *all;
}

std::string NameText(const X509_NAME* name) {
  const Owned<BIO> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

std::string SerialText(const X509* certificate) {
  const Owned<BIGNUM> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), /*bn=*/nullptr));
  char* text = BN_bn2hex(number.get());
  std::string copy(text);
  OPENSSL_free(text);
  return copy;
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  const unsigned char* bytes = ASN1_STRING_get0_data(address);
  const int size = ASN1_STRING_length(address);
  std::string text;
  for (int i = 0; i < size; ++i) {  // IPv6 in pairs would want its zeros left out: not shown
    StrAppend(&text, i == 0 ? "" : ".", static_cast<int>(bytes[i]));
  }
  return size == 4 ? text : "";
}

std::vector<std::string> NamesOf(const X509* certificate) {
  const Owned<GENERAL_NAMES> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    std::string text;
    if (name->type == GEN_DNS) {
      text.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                  static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      text = AddressText(name->d.iPAddress);
    }
    if (!text.empty()) names.push_back(std::move(text));
    if (names.size() == kCertificateNamesMax) break;
  }
  return names;
}

int64_t ExpiryOf(const X509* certificate) {
  std::tm when{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &when) != 1) return 0;
  return static_cast<int64_t>(timegm(&when));
}

void Note(const SSL* ssl) {
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return;
  TlsHandshake made;
  made.version = SSL_get_version(ssl);
  if (const char* cipher = SSL_get_cipher_name(ssl); cipher != nullptr) made.cipher = cipher;
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name); name != nullptr) {
    made.server_name = name;
  }
  made.subject = NameText(X509_get_subject_name(certificate));
  made.issuer = NameText(X509_get_issuer_name(certificate));
  made.serial_number = SerialText(certificate);
  made.names = NamesOf(certificate);
  made.certificate_expires_at = ExpiryOf(certificate);
  of_this_thread = made;
  if (made.server_name.empty()) return;
  Remembered& all = All();
  std::lock_guard lock(all.mu);
  if (all.by_name.size() >= kRememberedHandshakes) all.by_name.clear();
  all.by_name[made.server_name] = std::move(made);
}

// Runs for each message and the header of each record: leaves at once where it is not the one.
void OnMessage(int written, int, int kind, const void* bytes, size_t size, SSL* ssl, void*) {
  if (written != 0 || kind != SSL3_RT_HANDSHAKE || size == 0) return;
  if (*static_cast<const unsigned char*>(bytes) != SSL3_MT_FINISHED) return;
  if (SSL_is_server(ssl) == 0) Note(ssl);
}

void OnNewContext(void* context, void*, CRYPTO_EX_DATA*, int, long, void*) {
  SSL_CTX_set_msg_callback(static_cast<SSL_CTX*>(context), &OnMessage);
}

}  // namespace

void WatchTlsHandshakes() {
  static const int once = SSL_CTX_get_ex_new_index(0, nullptr, &OnNewContext, nullptr, nullptr);
  KS_CHECK(once >= 0);
}

TlsHandshake TakeTlsHandshake() { return std::exchange(of_this_thread, TlsHandshake()); }

TlsHandshake LastTlsHandshakeWith(std::string_view server_name) {
  Remembered& all = All();
  std::lock_guard lock(all.mu);
  const auto found = all.by_name.find(server_name);
  return found == all.by_name.end() ? TlsHandshake() : found->second;
}

}  // namespace ks::identity
