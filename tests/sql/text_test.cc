// Runs tests/sql/*.test against the local Spanner, over gRPC, and compares with the recorded
// answers.
//
//   ks_sql_text_tests <folder> [word…]    only files whose name contains one of the words
//
// Each file has a database of its own, and its statements run in their order.
#include "case_file.h"
#include "local_database.h"

int main(int argc, char** argv) {
  ks::sql::LocalDatabase database;
  return ks::sql::RunCaseFiles(
      argc, argv, [&](const std::filesystem::path&) { database.Reset(); },
      [&](const ks::sql::TextCase& test) { return database.Answer(test); });
}
