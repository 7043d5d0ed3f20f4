// The sections `tls:` and `sasl:` of a Kafka connection.
#include <algorithm>
#include <iterator>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/errors.h"
#include "pipeline/spec_sections.h"

namespace ks::pipeline {
namespace {

using identity::ClientAuthentication;
using identity::KafkaSecurity;
using identity::OauthGrant;
using identity::OauthSettings;
using identity::SaslMechanism;
using identity::SaslSettings;
using identity::TlsSettings;

const std::vector<std::pair<std::string, SaslMechanism>> kMechanisms = {
    {"PLAIN", SaslMechanism::kPlain},
    {"SCRAM-SHA-256", SaslMechanism::kScramSha256},
    {"SCRAM-SHA-512", SaslMechanism::kScramSha512},
    {"OAUTHBEARER", SaslMechanism::kOauthBearer},
    {"AWS_MSK_IAM", SaslMechanism::kAwsMskIam}};

const std::vector<std::pair<std::string, OauthGrant>> kGrants = {
    {"client_credentials", OauthGrant::kClientCredentials},
    {"jwt_bearer", OauthGrant::kJwtBearer},
    {"token_exchange", OauthGrant::kTokenExchange},
    {"token_file", OauthGrant::kTokenFile}};

// librdkafka's properties that are written as fields of `tls:` and `sasl:`.
constexpr std::pair<std::string_view, std::string_view> kPropertiesWithAField[] = {
    {"security.protocol", "tls: {…}` and `sasl: {…}"},
    {"sasl.mechanism", "sasl: {mechanism: …}"},
    {"sasl.mechanisms", "sasl: {mechanism: …}"},
    {"sasl.username", "sasl: {username: …}"},
    {"sasl.password", "sasl: {password: secret://…}"},
    {"sasl.oauthbearer.", "sasl: {mechanism: OAUTHBEARER, grant: …}"},
    {"ssl.ca.", "tls: {ca: PATH}"},
    {"ssl.certificate.", "tls: {certificate: PATH}"},
    {"ssl.key.password", "tls: {private_key_password: secret://…}"},
    {"ssl.key.", "tls: {private_key: secret://…}"},
    {"ssl.keystore.", "tls: {certificate: PATH, private_key: secret://…}"}};

absl::Status ReadTls(const SourceText& file, const std::string& path,
                     const ObjectReader::Entry& entry, TlsSettings* tls) {
  *tls = {};
  if (entry.value.IsScalar() && entry.value.Scalar() == "none") return absl::OkStatus();
  ObjectReader reader(file, entry.value, path, entry.position);
  tls->enabled = true;
  reader.Text("ca", &tls->ca);
  reader.Text("certificate", &tls->certificate);
  reader.Secret("private_key", &tls->private_key);
  reader.Secret("private_key_password", &tls->private_key_password);
  KS_RETURN_IF_ERROR(reader.Finish());
  if (tls->certificate.empty() != tls->private_key.empty()) {
    const bool key_missing = tls->private_key.empty();
    return file.Error(entry.position,
                      MissingRequired(path, key_missing ? "private_key" : "certificate"));
  }
  return absl::OkStatus();
}

void ReadExtensions(const SourceText& file, ObjectReader* reader, OauthSettings* oauth) {
  const auto* extensions = reader->Find("extensions");
  if (extensions == nullptr || !reader->ok()) return;
  ObjectReader names(file, extensions->value, reader->PathOf("extensions"), extensions->position);
  for (const ObjectReader::Entry& entry : names.entries()) {
    names.Text(entry.name, &oauth->extensions[entry.name]);
  }
  reader->Merge(names.Finish());
}

// The client's proof of itself: a secret, or a key that signs.
void ReadClient(ObjectReader* reader, bool required, OauthSettings* oauth) {
  const auto presence = required ? ObjectReader::kRequired : ObjectReader::kOptional;
  reader->Text("token_endpoint", &oauth->token_endpoint, ObjectReader::kRequired);
  reader->Text("ca", &oauth->ca);
  reader->Text("client_id", &oauth->client_id, presence);
  reader->Secret("client_secret", &oauth->client_secret);
  reader->Choice<ClientAuthentication>(
      "client_authentication",
      {{"basic", ClientAuthentication::kBasic}, {"post", ClientAuthentication::kPost}},
      &oauth->client_authentication);
  reader->Secret("private_key", &oauth->private_key);
  reader->Text("key_id", &oauth->key_id);
  reader->Text("scope", &oauth->scope);
  reader->Text("audience", &oauth->audience);
}

absl::Status ReadOauth(const SourceText& file, const ObjectReader::Entry& entry,
                       const std::string& path, ObjectReader* reader, OauthSettings* oauth) {
  reader->Find("grant", ObjectReader::kRequired);
  reader->Choice("grant", kGrants, &oauth->grant);
  switch (oauth->grant) {
    case OauthGrant::kClientCredentials:
      ReadClient(reader, /*required=*/true, oauth);
      break;
    case OauthGrant::kJwtBearer:
      ReadClient(reader, /*required=*/false, oauth);
      reader->Text("subject", &oauth->subject);
      reader->Secret("assertion", &oauth->assertion);
      break;
    case OauthGrant::kTokenExchange:
      ReadClient(reader, /*required=*/false, oauth);
      reader->Secret("subject_token", &oauth->subject_token, ObjectReader::kRequired);
      reader->Text("subject_token_type", &oauth->subject_token_type);
      break;
    case OauthGrant::kTokenFile:
      reader->Secret("token", &oauth->token, ObjectReader::kRequired);
      break;
  }
  ReadExtensions(file, reader, oauth);
  KS_RETURN_IF_ERROR(reader->Finish());
  const bool proved = !oauth->client_secret.empty() || !oauth->private_key.empty();
  if (oauth->grant == OauthGrant::kClientCredentials && !proved) {
    return file.Error(entry.position, MissingRequired(path, "client_secret` or `private_key"));
  }
  if (oauth->grant == OauthGrant::kJwtBearer && oauth->assertion.empty() &&
      oauth->private_key.empty()) {
    return file.Error(entry.position, MissingRequired(path, "private_key` or `assertion"));
  }
  return absl::OkStatus();
}

absl::Status ReadSasl(const SourceText& file, const std::string& path,
                      const ObjectReader::Entry& entry, SaslSettings* sasl) {
  *sasl = {};
  ObjectReader reader(file, entry.value, path, entry.position);
  reader.Find("mechanism", ObjectReader::kRequired);
  reader.Choice("mechanism", kMechanisms, &sasl->mechanism);
  switch (sasl->mechanism) {
    case SaslMechanism::kNone:
      break;
    case SaslMechanism::kPlain:
    case SaslMechanism::kScramSha256:
    case SaslMechanism::kScramSha512:
      reader.Text("username", &sasl->username, ObjectReader::kRequired);
      reader.Secret("password", &sasl->password, ObjectReader::kRequired);
      break;
    case SaslMechanism::kOauthBearer:
      return ReadOauth(file, entry, path, &reader, &sasl->oauth);
    case SaslMechanism::kAwsMskIam:
      reader.Text("region", &sasl->msk.region, ObjectReader::kRequired);
      reader.Text("role_arn", &sasl->msk.role_arn);
      reader.Text("profile", &sasl->msk.profile);
      break;
  }
  return reader.Finish();
}

}  // namespace

absl::Status ReadOauthSection(const SourceText& file, const std::string& path,
                              const ObjectReader::Entry& entry, OauthSettings* oauth) {
  ObjectReader reader(file, entry.value, path, entry.position);
  return ReadOauth(file, entry, path, &reader, oauth);
}

std::string_view FieldOfProperty(std::string_view property) {
  for (const auto& [name, field] : kPropertiesWithAField) {
    if (name.ends_with('.') ? property.starts_with(name) : property == name) return field;
  }
  return {};
}

void ReadKafkaSecurity(const SourceText& file, ObjectReader* reader, KafkaSecurity* security) {
  const auto* tls = reader->Find("tls");
  const auto* sasl = reader->Find("sasl");
  if (!reader->ok()) return;
  if (sasl != nullptr) {
    reader->Merge(ReadSasl(file, reader->PathOf("sasl"), *sasl, &security->sasl));
    security->tls.enabled = true;  // a password goes through TLS unless `tls: none` says otherwise
  }
  if (tls != nullptr) reader->Merge(ReadTls(file, reader->PathOf("tls"), *tls, &security->tls));
}

}  // namespace ks::pipeline
