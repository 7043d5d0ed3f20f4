// How a client proves to Kafka who it is, and Kafka to it: the `tls:` and `sasl:` of a pipeline
// file, as plain data. Names are those of Kafka's documentation and of the RFCs; where they mean
// what stands in docs/guide/identity.md. Thread safety: plain data.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "identity/secret_reference.h"

namespace ks::identity {

struct TlsSettings {
  bool enabled = false;
  std::string ca;           // path of a PEM file; empty: the system's authorities
  std::string certificate;  // path of a PEM file, with its chain; empty: none is shown
  SecretReference private_key;
  SecretReference private_key_password;
};

enum class SaslMechanism : uint8_t {
  kNone,
  kPlain,
  kScramSha256,
  kScramSha512,
  kOauthBearer,
  kAwsMskIam
};

enum class OauthGrant : uint8_t {
  kClientCredentials,  // RFC 6749, 4.4
  kJwtBearer,          // RFC 7523, 2.1
  kTokenExchange,      // RFC 8693
  kTokenFile           // somebody else fetches the token and puts it somewhere
};

enum class ClientAuthentication : uint8_t { kBasic, kPost };

// A client that asks an authorization server for tokens.
struct OauthSettings {
  OauthGrant grant = OauthGrant::kClientCredentials;
  std::string token_endpoint;
  std::string ca;  // of the endpoint; as TlsSettings::ca
  std::string client_id;
  SecretReference client_secret;
  ClientAuthentication client_authentication = ClientAuthentication::kBasic;
  SecretReference private_key;  // signs the client's assertion (private_key_jwt) or the grant's
  std::string key_id;           // `kid` in what it signs
  std::string scope;
  std::string audience;
  std::string subject;            // of a jwt_bearer assertion; empty: client_id
  SecretReference assertion;      // jwt_bearer: one that somebody else signed
  SecretReference subject_token;  // token_exchange
  std::string subject_token_type = "urn:ietf:params:oauth:token-type:jwt";
  SecretReference token;                          // token_file
  std::map<std::string, std::string> extensions;  // SASL extensions, as Confluent Cloud wants them
};

struct MskSettings {
  std::string region;
  std::string role_arn;  // assumed before signing; empty: the credentials as they are
  std::string profile;   // of the AWS configuration files; empty: AWS_PROFILE or `default`
};

struct SaslSettings {
  SaslMechanism mechanism = SaslMechanism::kNone;
  std::string username;
  SecretReference password;
  OauthSettings oauth;
  MskSettings msk;
};

struct KafkaSecurity {
  TlsSettings tls;
  SaslSettings sasl;
};

}  // namespace ks::identity
