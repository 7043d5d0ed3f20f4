#include "identity/errors.h"

#include "base/str_cat.h"

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

absl::Status SecretPlaceNotSetUp(std::string_view reference) {
  return absl::UnimplementedError(
      StrCat(reference,
             ": secrets cannot be read from there in this version. Use secret://env/NAME "
             "or secret://file/PATH."));
}

absl::Status VariableNotSet(std::string_view reference, std::string_view variable) {
  return absl::NotFoundError(StrCat(reference, ": the environment variable ", variable,
                                    " is not set for this process. Set it, or change the "
                                    "reference."));
}

absl::Status SecretNotRead(std::string_view reference, const absl::Status& reason) {
  return absl::Status(reason.code(), StrCat(reference, ": ", View(reason.message())));
}

absl::Status EmptySecret(std::string_view reference) {
  return absl::FailedPreconditionError(StrCat(reference, " is there, and empty"));
}

absl::Status SecretHasNoField(std::string_view reference, std::string_view field) {
  return absl::NotFoundError(
      StrCat(reference, ": what is there is no JSON object with a text field `", field,
             "`. Correct the part behind `#`, or leave it out to take the whole."));
}

}  // namespace ks::identity
