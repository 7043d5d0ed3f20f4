// The errors of this module that a user can see, one function each: what is wrong, what to do next.
// None of them is ever given a secret.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace ks::identity {

// ---- References to secrets
// A field that takes a reference has something else. Does not show it: it may be the secret.
absl::Status PlainSecret();
absl::Status UnknownSecretPlace(std::string_view reference, std::string_view place);
absl::Status UnknownSecretOption(std::string_view reference, std::string_view option,
                                 std::string_view place, std::string_view known);
absl::Status IncompleteSecret(std::string_view reference, std::string_view place);

// ---- Reading secrets
absl::Status SecretPlaceNotSetUp(std::string_view reference);
absl::Status VariableNotSet(std::string_view reference, std::string_view variable);
absl::Status SecretNotRead(std::string_view reference, const absl::Status& reason);
absl::Status EmptySecret(std::string_view reference);
absl::Status SecretHasNoField(std::string_view reference, std::string_view field);

}  // namespace ks::identity
