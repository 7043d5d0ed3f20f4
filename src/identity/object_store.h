// ObjectStore: objects in a bucket of Google Cloud Storage (`gs://BUCKET/PREFIX`) or Amazon S3
// (`s3://BUCKET/PREFIX`), written once and never over another. For what is kept outside of a
// database; never on a hot path.
//
// Credentials are those of google_credentials.h and aws_credentials.h. Emulators are found as
// Google's and Amazon's own clients find them: STORAGE_EMULATOR_HOST (then without credentials),
// AWS_ENDPOINT_URL_S3. Thread safety: none. Blocks, with a deadline. Sources:
// https://cloud.google.com/storage/docs/json_api/v1/objects,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "identity/services.h"

namespace ks::identity {

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  // ALREADY_EXISTS where there is one of that name.
  virtual absl::Status PutNew(const std::string& name, const std::string& body) = 0;
  // Names that begin with `prefix`, in the order of their bytes; at most `count`.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& prefix,
                                                        size_t count) = 0;
  virtual absl::StatusOr<std::string> Get(const std::string& name) = 0;
};

struct BucketPlace {
  std::string scheme;  // gs | s3
  std::string bucket;
  std::string prefix;  // without slashes at its ends; may be empty
};

// Whether `text` is meant to be one.
bool IsBucketPlace(std::string_view text);
// INVALID_ARGUMENT for other characters than A-Z a-z 0-9 - _ . and slashes.
absl::StatusOr<BucketPlace> ParseBucketPlace(std::string_view text);

// `services` outlives it.
std::unique_ptr<ObjectStore> OpenObjectStore(const BucketPlace& place, Services& services);

}  // namespace ks::identity
