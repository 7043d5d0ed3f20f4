// Proposal: the pipeline file that `init` writes, from what was guessed of a topic. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/init/field_guess.h"

namespace ks::cli {

struct Proposal {
  std::string topic;
  std::string brokers;
  std::string database;
  std::string registry;  // its URL; empty: none
  int64_t records = 0;   // that were looked at
  GuessedPart key;
  GuessedPart value;
};

// `columns`: those of the record that the table is to have; empty: they are not known yet.
std::string PipelineText(const Proposal& proposal, const std::vector<std::string>& columns);

// Names the only column of a key that is one value: as the field of the values that equals it in
// all records, if there is one. `keys` and `values` are of the same records.
std::string KeyColumnName(const std::vector<std::optional<std::string>>& keys,
                          const std::vector<std::optional<std::string>>& values);

}  // namespace ks::cli
