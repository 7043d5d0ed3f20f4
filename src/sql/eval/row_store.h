// WithTable: the rows of a WITH definition (or another intermediate result), kept in memory once for all its readers.
#pragma once

#include <memory>
#include <vector>

#include "sql/types/arena.h"
#include "sql/types/datum.h"

namespace ks::sql {

class WithTable {
 public:
  WithTable() : arena(std::make_unique<Arena>()) {}
  size_t rows = 0;
  std::vector<std::vector<Datum>> columns;  // what they point to is in `arena`
  std::unique_ptr<Arena> arena;
};

}  // namespace ks::sql
