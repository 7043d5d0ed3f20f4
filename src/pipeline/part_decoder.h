// The decoder that a key or a value needs.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "formats/decoder.h"
#include "pipeline/spec.h"

namespace ks::pipeline {

formats::Unfit UnfitOf(const PartSpec& part);

// `columns`: those of the part that somebody reads, in its order.
absl::StatusOr<std::unique_ptr<formats::Decoder>> MakePartDecoder(const PartSpec& part, bool is_key,
                                                                  formats::Schema columns);

}  // namespace ks::pipeline
