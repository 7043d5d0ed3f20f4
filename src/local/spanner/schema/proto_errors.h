// Errors of proto bundles, one function each; as ddl_errors.h.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace ks::local::errors {

absl::Status ProtoDescriptorsUnreadable();
absl::Status ProtoDescriptorsEmpty();
absl::Status ProtoDescriptorMissing(std::string_view type);
absl::Status ProtoFileTwice(std::string_view file);
absl::Status ProtoPackageRestricted(std::string_view type, std::string_view package);
absl::Status ProtoExtensions(std::string_view message);
absl::Status ProtoBundleMissing(std::string_view action);  // alter, drop
absl::Status ProtoTypeTwice(std::string_view type);
absl::Status ProtoTypeToUpdateMissing(std::string_view type);
absl::Status ProtoTypeToDeleteMissing(std::string_view type);
absl::Status ProtoTypeInUse(std::string_view type, std::string_view table, std::string_view column);

// ---- Of values ----
absl::Status ProtoTypeGone(std::string_view type);
absl::Status ProtoTextUnreadable(std::string_view error);

}  // namespace ks::local::errors
