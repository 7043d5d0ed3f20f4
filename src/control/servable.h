// Servable: a pipeline file that came over the network, made into one that may run here.
//
// Whoever may edit a pipeline must not be able to send this server's credentials somewhere, make it
// read its own files or call addresses of their choice. So connections are the server's: its file
// has the `kafka:` section that is put under the pipeline's text, and says which databases may be
// written to. What would connect to somewhere else, read a file or load code is refused by name.
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/spec.h"

namespace ks::control {

struct ServedConnections {
  std::string kafka;                   // YAML: the fields of a pipeline file's `kafka:` section
  std::vector<std::string> databases;  // names, or `name*`
};

// INVALID_ARGUMENT for what is no pipeline file, PERMISSION_DENIED for what may not be in it.
// `name` is the pipeline's name in the URL, and must be the file's.
absl::StatusOr<pipeline::PipelineSpec> MakeServable(const std::string& name,
                                                    const std::string& text,
                                                    const ServedConnections& connections);

}  // namespace ks::control
