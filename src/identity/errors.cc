#include "identity/errors.h"

#include "base/str_cat.h"
#include "identity/json.h"
#include "identity/limits.h"

namespace ks::identity {
namespace {

constexpr std::string_view kWaysOut =
    "secret://env/NAME, secret://file/PATH, secret://kubernetes/MOUNT/KEY, "
    "secret://vault/MOUNT/PATH#FIELD, secret://aws/NAME or "
    "secret://google/projects/P/secrets/S/versions/V";

// How a reference to each place is written, for the errors of an incomplete one.
std::string_view FormOf(std::string_view place) {
  if (place == "env") return "secret://env/NAME, with the name of an environment variable";
  if (place == "file") return "secret://file/PATH, as in secret://file/etc/kafka/password";
  if (place == "kubernetes") return "secret://kubernetes/MOUNT/KEY";
  if (place == "vault") return "secret://vault/MOUNT/PATH#FIELD";
  if (place == "aws") return "secret://aws/NAME, or with #FIELD where it is JSON";
  return "secret://google/projects/P/secrets/S/versions/V";
}

}  // namespace

absl::Status PlainSecret() {
  return absl::InvalidArgumentError(
      StrCat("a secret does not belong into this file. Put it where only this program can read it, "
             "and say here where that is: ",
             kWaysOut));
}

absl::Status UnknownSecretPlace(std::string_view reference, std::string_view place) {
  return absl::InvalidArgumentError(StrCat("`", reference, "`: secrets are not read from `", place,
                                           "`. Write one of ", kWaysOut));
}

absl::Status UnknownSecretOption(std::string_view reference, std::string_view option,
                                 std::string_view place, std::string_view known) {
  return absl::InvalidArgumentError(StrCat(
      "`", reference, "`: `", option, "` is no option of secret://", place, "/",
      known.empty() ? ", which has none" : StrCat("; expected one of", known, "as name=value")));
}

absl::Status IncompleteSecret(std::string_view reference, std::string_view place) {
  return absl::InvalidArgumentError(
      StrCat("`", reference, "` is not complete: write ", FormOf(place)));
}

absl::Status VariableNotSet(std::string_view reference, std::string_view variable) {
  return absl::NotFoundError(StrCat(reference, ": the environment variable ", variable,
                                    " is not set for this process. Set it, or change the "
                                    "reference."));
}

absl::Status SecretNotRead(std::string_view reference, const absl::Status& reason) {
  return absl::Status(reason.code(), StrCat(reference, ": ", View(reason.message())));
}

absl::Status SecretNotThere(std::string_view reference) {
  return absl::NotFoundError(StrCat(reference,
                                    ": there is no such secret, or no such version of it, or it "
                                    "was deleted. Put it there, or correct the reference."));
}

absl::Status SecretRefused(std::string_view reference, int status, std::string_view reason) {
  const std::string words =
      StrCat("HTTP status ", status, " ", reason.substr(0, kErrorExcerptBytes));
  if (status == 429 || status >= 500) {
    return absl::UnavailableError(StrCat(reference, ": the secret manager is in trouble: ", words));
  }
  return absl::PermissionDeniedError(StrCat(reference, ": the secret manager refused: ", words,
                                            ". Grant this identity to read it."));
}

absl::Status NewSecretRefused(std::string_view name, std::string_view version) {
  return absl::UnauthenticatedError(
      StrCat("version ", version, " of ", name,
             " is refused; the one before stays in use for as long as it is taken. Put the right "
             "one there, or have the other side know this one."));
}

absl::Status NoBucketPlace(std::string_view text) {
  return absl::InvalidArgumentError(
      StrCat("`", text,
             "` names no place in a bucket: expected gs://BUCKET/PREFIX or "
             "s3://BUCKET/PREFIX, of letters, digits, - _ . and /"));
}

absl::Status NoBucketRegion(std::string_view place) {
  return absl::FailedPreconditionError(
      StrCat(place, ": in which region? Set AWS_REGION to the bucket's."));
}

absl::Status ObjectIsThere(std::string_view place, std::string_view name) {
  return absl::AlreadyExistsError(StrCat(place, "/", name, " is there already"));
}

absl::Status BucketRefused(std::string_view place, int status, std::string_view reason) {
  const std::string words =
      StrCat("HTTP status ", status, " ", reason.substr(0, kErrorExcerptBytes));
  if (status == 429 || status >= 500)
    return absl::UnavailableError(StrCat(place, " is in trouble: ", words));
  if (status == 404) return absl::NotFoundError(StrCat(place, ": no such bucket or object"));
  return absl::PermissionDeniedError(
      StrCat(place, " refused: ", words,
             ". Grant this identity to create, list and read its objects (never to delete them)."));
}

absl::Status EmptySecret(std::string_view reference) {
  return absl::FailedPreconditionError(StrCat(reference, " is there, and empty"));
}

absl::Status SecretHasNoField(std::string_view reference, std::string_view field) {
  return absl::NotFoundError(
      StrCat(reference, ": what is there is no JSON object with a text field `", field,
             "`. Correct the part behind `#`, or leave it out to take the whole."));
}

absl::Status BadUrl() {
  return absl::InvalidArgumentError(
      "this is no address of an endpoint: expected https://HOST[:PORT]/PATH, without a user or "
      "password in it");
}

absl::Status CredentialInTheClear(std::string_view host) {
  return absl::InvalidArgumentError(
      StrCat("a credential is not sent to ", host,
             " over plain http. Use https; http is for this machine only."));
}

absl::Status NoAnswer(absl::StatusCode code, std::string_view address, std::string_view reason) {
  return absl::Status(code, StrCat("no answer from ", address, ": ", reason));
}

absl::Status HttpRefused(int status, std::string_view reason) {
  const std::string words = StrCat("HTTP status ", status, reason.empty() ? "" : " (",
                                   reason.substr(0, kErrorExcerptBytes), reason.empty() ? "" : ")");
  if (status == 429 || status >= 500) {
    return absl::UnavailableError(
        StrCat("the server is in trouble: ", words, ". It is asked again."));
  }
  if (status == 401) {
    return absl::UnauthenticatedError(
        StrCat("refused: ", words,
               ". Check the credential that is shown there: is it the right one, and not expired "
               "or revoked?"));
  }
  if (status == 403) {
    return absl::PermissionDeniedError(
        StrCat("refused: ", words, ". Grant this identity what it asks for there."));
  }
  if (status == 404) {
    return absl::NotFoundError(StrCat("not there: ", words, ". Check the address and the name."));
  }
  return absl::FailedPreconditionError(
      StrCat("refused: ", words, ". Check who asks, with what, and for what."));
}

absl::Status TokenRefused(std::string_view endpoint, int status, std::string_view error,
                          std::string_view description) {
  const std::string words =
      error.empty()
          ? StrCat("HTTP status ", status)
          : StrCat(error.substr(0, kErrorExcerptBytes), description.empty() ? "" : " (",
                   description.substr(0, kErrorExcerptBytes), description.empty() ? "" : ")");
  if (status == 429 || status >= 500) {
    return absl::UnavailableError(
        StrCat("the token endpoint ", endpoint, " is in trouble: ", words));
  }
  return absl::UnauthenticatedError(
      StrCat("the token endpoint ", endpoint, " refused: ", words,
             ". Check the client's id, its secret or key, and what it may ask for."));
}

absl::Status TokenExpired(std::string_view reference) {
  return absl::UnauthenticatedError(StrCat("the token in ", reference,
                                           " has expired: whoever puts it there has stopped to "
                                           "renew it"));
}

absl::Status BadPrivateKey() {
  return absl::InvalidArgumentError(
      "the private key cannot sign: expected an RSA or P-256 key in PEM, without a password");
}

absl::Status BadToken(std::string_view reason) {
  return absl::UnauthenticatedError(StrCat("the token is refused: ", reason));
}

absl::Status UnknownTokenKey() {
  return absl::NotFoundError("the token is refused: its issuer has no such key");
}

absl::Status BadServerCertificate(std::string_view file, std::string_view reason) {
  return absl::InvalidArgumentError(
      StrCat(file, ": no certificate for a server: ", reason,
             ". Put a certificate and its key there that belong together, without a password."));
}

absl::Status NoAddressToListen(std::string_view address) {
  return absl::InvalidArgumentError(
      StrCat("`", address, "` is no address to listen on: write it as HOST:PORT"));
}

absl::Status CannotListen(std::string_view address) {
  return absl::UnavailableError(StrCat("cannot listen on ", address,
                                       ". Is the port in use, or the address another machine's?"));
}

absl::Status RequestRefused(int status, std::string_view body) {
  const std::string reason = TextOf(ParseJson(std::string(body)), "error");
  const std::string words = StrCat("answered with HTTP status ", status, reason.empty() ? "" : ": ",
                                   reason.substr(0, kErrorExcerptBytes));
  if (status == 401) return absl::UnauthenticatedError(words);
  if (status == 403) return absl::PermissionDeniedError(words);
  if (status == 404) return absl::NotFoundError(words);
  return status >= 500 ? absl::UnavailableError(words) : absl::FailedPreconditionError(words);
}

absl::Status HandshakeFailed(std::string_view reason) {
  return absl::UnauthenticatedError(
      StrCat("the TLS handshake failed: ", reason,
             ". Does the client trust our certificate's authority, and speak TLS 1.2 or later?"));
}

absl::Status CannotRenewToken(const absl::Status& reason) {
  return absl::UnavailableError(
      StrCat("the access token has expired and cannot be renewed: ", View(reason.message())));
}

absl::Status NoGoogleCredentials(std::string_view known_file) {
  return absl::UnauthenticatedError(StrCat(
      "no Google credentials: GOOGLE_APPLICATION_CREDENTIALS is not set, ", known_file,
      " is not there, and this machine has no metadata server. Set the first to a "
      "credentials file, or run `gcloud auth application-default login`; for a local Spanner "
      "set SPANNER_EMULATOR_HOST."));
}

absl::Status UnknownGoogleCredentials(std::string_view file, std::string_view type) {
  return absl::InvalidArgumentError(
      StrCat(file,
             ": expected Google credentials of type service_account, authorized_user, "
             "external_account, external_account_authorized_user or "
             "impersonated_service_account, found ",
             type.empty() ? "none" : StrCat("\"", type.substr(0, 60), "\"")));
}

absl::Status ForeignCredentialUrl(std::string_view file, std::string_view host) {
  return absl::PermissionDeniedError(
      StrCat(file, " names ", host,
             ", which is not Google's: nothing is sent there. If you trust "
             "it, set KAFKA_SPANNER_CREDENTIAL_HOSTS to it."));
}

absl::Status ProgramNotAllowed(std::string_view file) {
  return absl::PermissionDeniedError(
      StrCat(file,
             " takes its token from a program, and programs are not run unless the environment "
             "says GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1. Set it if you trust this file, or "
             "have the program write its token into a file, named as `file` in "
             "credential_source."));
}

absl::Status BadProgram(std::string_view file, std::string_view reason) {
  return absl::UnauthenticatedError(
      StrCat("no token from the program that ", file, " names: ", reason));
}

absl::Status ProgramFailed(std::string_view file, const absl::Status& reason) {
  return absl::Status(reason.code(), StrCat("no token from the program that ", file,
                                            " names: ", View(reason.message())));
}

absl::Status BadCertificateConfig(std::string_view file, std::string_view reason) {
  return absl::InvalidArgumentError(StrCat(
      file, " gives no certificate to prove this workload with (X.509 federation): ", reason));
}

absl::Status NoVaultAddress() {
  return absl::FailedPreconditionError(
      "VAULT_ADDR is not set: set it to the address of Vault, as in "
      "https://vault.example.com:8200");
}

absl::Status NoVaultCredentials() {
  return absl::UnauthenticatedError(
      "no credentials for Vault: set VAULT_TOKEN, or VAULT_ROLE_ID with VAULT_SECRET_ID (AppRole), "
      "or VAULT_ROLE with VAULT_JWT_FILE (JWT) or in a pod (Kubernetes)");
}

absl::Status VaultRefused(std::string_view what, int status, std::string_view reason) {
  const std::string words =
      StrCat("HTTP status ", status, " ", reason.substr(0, kErrorExcerptBytes));
  // 503: sealed; 473, 472: a standby. 1.14 answers 500 to an AppRole's wrong secret.
  const bool refused = status == 500 && reason.starts_with("invalid ");
  if (!refused && (status == 429 || status == 472 || status == 473 || status >= 500)) {
    return absl::UnavailableError(StrCat("Vault is in trouble (", what, "): ", words));
  }
  return absl::PermissionDeniedError(
      StrCat("Vault refused ", what, ": ", words,
             ". Check the login, and that its policy may read the path (with /data/ in it)."));
}

absl::Status NoSecretRegion(std::string_view reference) {
  return absl::InvalidArgumentError(
      StrCat(reference, ": in which region? Write ?region=…, give the ARN, or set AWS_REGION."));
}

absl::Status NoAwsRegion(std::string_view file) {
  return absl::InvalidArgumentError(
      StrCat(file, " federates from AWS: set AWS_REGION to the region whose STS is asked"));
}

absl::Status NoAwsCredentials(std::string_view reason) {
  return absl::UnauthenticatedError(StrCat(
      "no AWS credentials: not in the environment (AWS_ACCESS_KEY_ID, or AWS_ROLE_ARN with "
      "AWS_WEB_IDENTITY_TOKEN_FILE), not in the shared files (~/.aws), no container's and no "
      "instance's",
      reason.empty() ? "" : StrCat(" (", reason, ")")));
}

absl::Status AwsCredentialsExpired(std::string_view access_key_id) {
  return absl::UnauthenticatedError(
      StrCat("the AWS credentials that were given out (", access_key_id,
             ") have expired: whoever gives them out has stopped to renew them, or a clock is "
             "wrong"));
}

absl::Status NoAwsProfile(std::string_view profile) {
  return absl::NotFoundError(StrCat("the AWS profile \"", profile,
                                    "\" is not in the shared files, or has no keys and no role "
                                    "with a source_profile"));
}

absl::Status AwsRefused(std::string_view who, int status, std::string_view reason) {
  const std::string words = StrCat(who, " gave no credentials: HTTP status ", status, " ",
                                   reason.substr(0, kErrorExcerptBytes));
  return status == 429 || status >= 500 ? absl::UnavailableError(words)
                                        : absl::UnauthenticatedError(words);
}

}  // namespace ks::identity
