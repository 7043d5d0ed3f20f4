#include "local/spanner/schema/proto_errors.h"

#include "base/str_cat.h"

namespace ks::local::errors {

absl::Status ProtoDescriptorsUnreadable() {
  return absl::InvalidArgumentError(
      "proto_descriptors cannot be read: it must be a serialized "
      "google.protobuf.FileDescriptorSet, "
      "as `protoc --include_imports --descriptor_set_out` writes it.");
}
absl::Status ProtoDescriptorsEmpty() {
  return absl::InvalidArgumentError("Contents of proto_descriptor_file cannot be empty");
}
absl::Status ProtoDescriptorMissing(std::string_view type) {
  return absl::NotFoundError(StrCat("Missing descriptor for `", type, "`"));
}
absl::Status ProtoFileTwice(std::string_view file) {
  return absl::InvalidArgumentError(
      StrCat("proto_descriptors has two files that declare the same: ", file));
}
absl::Status ProtoPackageRestricted(std::string_view type, std::string_view package) {
  return absl::FailedPreconditionError(
      StrCat("Message `", type, "` has reserved package `", package, "`."));
}
absl::Status ProtoExtensions(std::string_view message) {
  return absl::UnimplementedError(
      StrCat("Message extensions are not supported for message `", message, "`."));
}
absl::Status ProtoBundleMissing(std::string_view action) {
  return absl::FailedPreconditionError(
      StrCat("Proto bundle does not yet exist; cannot ", action, " it"));
}
absl::Status ProtoTypeTwice(std::string_view type) {
  return absl::AlreadyExistsError(StrCat("Type already exists: `", type, "` in the proto bundle"));
}
absl::Status ProtoTypeToUpdateMissing(std::string_view type) {
  return absl::NotFoundError(StrCat("Tried to update `", type, "` which does not already exist."));
}
absl::Status ProtoTypeToDeleteMissing(std::string_view type) {
  return absl::NotFoundError(
      StrCat("Tried to remove `", type, "` which does not already exist in the proto bundle."));
}
absl::Status ProtoTypeInUse(std::string_view type, std::string_view table,
                            std::string_view column) {
  return absl::FailedPreconditionError(
      StrCat("Removed type `", type, "` is still being used by column ", table, ".", column));
}

absl::Status ProtoTypeGone(std::string_view type) {
  return absl::OutOfRangeError(StrCat("`", type, "` is not in the proto bundle any more"));
}
absl::Status ProtoTextUnreadable(std::string_view error) {
  return absl::OutOfRangeError(StrCat("Error parsing proto: ", error));
}

}  // namespace ks::local::errors
