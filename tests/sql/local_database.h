// LocalDatabase: the local Spanner in this process, asked through its gRPC API.
//
// Each statement runs as a client would run it: a query in a read-only transaction of its own, DML
// in a read-write transaction that is committed, DDL through UpdateDatabaseDdl. A programmer's
// error (the server does not start) ends the test. Thread safety: one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "case_file.h"

namespace ks::sql {

class LocalDatabase {
 public:
  LocalDatabase();
  ~LocalDatabase();

  // Goes on with a new, empty database.
  void Reset();

  // The answer's lines, as tests/sql writes them: `= name TYPE, …` where the case wants an order,
  // else `~ …`, and the rows; `= 3 rows`; `= done`; `ERROR CODE message`.
  std::vector<std::string> Answer(const TextCase& test);
  // As tests/expr writes it: type and value of the first column of the first row.
  std::string FirstValue(const std::string& query);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ks::sql
