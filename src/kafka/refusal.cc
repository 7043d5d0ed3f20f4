#include "kafka/refusal.h"

#include <algorithm>

namespace ks::kafka {
namespace {

// Where a connection stood when Kafka refused it.
constexpr std::string_view kLoginStates[] = {"AUTH_REQ", "AUTH_HANDSHAKE", "REAUTH",
                                             "SSL_HANDSHAKE"};

// Silence is no verdict, wherever the connection stood: librdkafka's, of a connection and a
// request.
constexpr std::string_view kSilence[] = {"timed out", "Timed out"};

// A refusal wherever the connection stood.
struct Meaning {
  std::string_view words;  // of librdkafka, OpenSSL or Kafka
  std::string_view what_to_do;
};

constexpr std::string_view kUnknownCertificate =
    "Kafka does not take our certificate: has it expired or been revoked, and is its authority "
    "among those in the broker's truststore?";

constexpr std::string_view kTokenRefused =
    "Kafka does not take the token: look at its audience, its issuer, its expiry and the keys that "
    "the broker checks it with";

// Java says 46 of all that it does not like in a certificate.
constexpr Meaning kMeanings[] = {
    {"certificate verify failed",
     "the authority of the broker's certificate belongs into `tls: {ca: …}`"},
    {"SSL alert number 42", kUnknownCertificate},
    {"SSL alert number 43", "Kafka does not take certificates of our kind: take another key"},
    {"SSL alert number 44", "our certificate was revoked: get another one"},
    {"SSL alert number 45", "our certificate has expired: renew it"},
    {"SSL alert number 46", kUnknownCertificate},
    {"SSL alert number 48", "the authority of our certificate is not in the broker's truststore"},
    {"SSL alert number 49", "Kafka lets nobody in with our certificate"},
    {"SSL alert number 51", "our certificate and its key do not belong together"},
    {"SSL alert number 116",
     "Kafka wants a certificate of ours: give `tls: {certificate: …, private_key: …}`"},
    {"invalid_token", kTokenRefused},
    // What Java says of one that is no JWT.
    {"invalid credentials with SASL mechanism OAUTHBEARER", kTokenRefused},
    {"SASL authentication error", "check the user, its secret and whether Kafka knows both"},
    {"Unsupported SASL mechanism",
     "the listener has another mechanism: take one of those in `sasl: {mechanism: …}`"},
};

bool HasOneOf(std::string_view reason, const auto& words) {
  return std::ranges::any_of(
      words, [&](std::string_view each) { return reason.find(each) != std::string_view::npos; });
}

const Meaning* Find(std::string_view reason) {
  if (HasOneOf(reason, kSilence)) return nullptr;
  for (const Meaning& each : kMeanings) {
    if (reason.find(each.words) != std::string_view::npos) return &each;
  }
  return nullptr;
}

}  // namespace

bool IsRefusal(std::string_view reason) {
  if (Find(reason) != nullptr) return true;
  return HasOneOf(reason, kLoginStates) && !HasOneOf(reason, kSilence);
}

std::string_view WhatToDo(std::string_view reason) {
  const Meaning* meaning = Find(reason);
  return meaning == nullptr ? std::string_view() : meaning->what_to_do;
}

}  // namespace ks::kafka
