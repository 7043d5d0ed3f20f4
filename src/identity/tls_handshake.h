// What TLS handshakes of this process agreed on, and with whom: for the connection log.
//
// The libraries that connect (librdkafka, libcurl, gRPC) do not all tell, but all of them use the
// OpenSSL of this process, which calls us for each SSL_CTX that is made (CRYPTO_get_ex_new_index)
// and, through a message callback set there, when a server's Finished message comes: then version,
// cipher and certificate are settled. Handshakes as a server are not of interest.
// https://www.openssl.org/docs/man3.0/man3/SSL_CTX_set_msg_callback.html
//
// Two ways to an answer, because libraries shake hands on threads of their own: librdkafka and
// libcurl report what came of it on the very thread that shook hands; gRPC does not, so there the
// name that we asked for (SNI) is the key. An address without a name (127.0.0.1) has none.
//
// Thread safety: any thread. At most kRememberedHandshakes names are kept. Test:
// tls_handshake_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ks::identity {

struct TlsHandshake {
  std::string version;  // TLSv1.3; empty: there was none
  std::string cipher;
  std::string server_name;  // that we asked for; empty: an address
  // Of the server's certificate:
  std::string subject;  // CN=broker-1,O=…
  std::string issuer;
  std::string serial_number;           // hexadecimal
  std::vector<std::string> names;      // DNS names and addresses that it is good for
  int64_t certificate_expires_at = 0;  // seconds since the Unix epoch
};

// From here on handshakes are watched. Before the first SSL_CTX that counts; again does nothing.
void WatchTlsHandshakes();

// The last on this thread since the last call; without a version where there was none.
TlsHandshake TakeTlsHandshake();

// The last with a server of that name, on any thread.
TlsHandshake LastTlsHandshakeWith(std::string_view server_name);

}  // namespace ks::identity
