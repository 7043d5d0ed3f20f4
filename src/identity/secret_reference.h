// SecretReference: `secret://PLACE/PATH?option=value#field`, what a pipeline file says instead of a
// secret: where it lies.
//
//   secret://env/KAFKA_PASSWORD                        an environment variable
//   secret://file/etc/kafka/password                   the file /etc/kafka/password
//   secret://kubernetes/var/run/kafka/password         a key of a mounted Secret (a file, too, but
//                                                      its version is the mount's)
//   secret://vault/secret/kafka/prod#password          HashiCorp Vault, KV version 2: mount, path,
//                                                      field; ?version=3
//   secret://aws/prod/kafka?region=eu-west-1#password  AWS Secrets Manager: name or ARN
//   secret://google/projects/P/secrets/S/versions/3    Google Secret Manager
//
// `#field` picks a field where the secret is a JSON object. Thread safety: plain data.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace ks::identity {

enum class SecretPlace : uint8_t { kNone, kEnv, kFile, kKubernetes, kVault, kAws, kGoogle };

struct SecretReference {
  SecretPlace place = SecretPlace::kNone;  // kNone: there is no reference
  std::string path;
  std::string field;                           // empty: the whole
  std::map<std::string, std::string> options;  // those its place knows
  std::string text;                            // as written; safe to print

  bool empty() const { return place == SecretPlace::kNone; }
  // Empty where the option is not given.
  std::string Option(const std::string& name) const;
};

// What lies in a file that is named by its path alone; empty for none.
SecretReference FileReference(const std::string& path);

inline constexpr std::string_view kSecretScheme = "secret://";

// An error's text says what was expected. It never repeats `text` unless that is a reference: it
// may be the secret itself.
absl::StatusOr<SecretReference> ParseSecretReference(std::string_view text);

}  // namespace ks::identity
