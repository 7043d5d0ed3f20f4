// Adds the headers that Google's own clients send, to every call:
//   google-cloud-resource-prefix     the database
//   x-goog-request-params            routing, `session=…` url-encoded
//   x-goog-spanner-route-to-leader   on what writes
//   x-goog-api-client                who we are
#pragma once

#include <memory>

#include "spanner/stub.h"

namespace ks::spanner {

std::unique_ptr<Stub> WithMetadata(std::unique_ptr<Stub> inner);

}  // namespace ks::spanner
