// kafka-spanner sql: statements against any Spanner, from the command line, a pipe or a prompt.
#include <google/spanner/v1/spanner.pb.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/exit_code.h"
#include "cli/local_database.h"
#include "cli/result_table.h"
#include "cli/statement_splitter.h"
#include "env/clock.h"

namespace ks::cli {
namespace {

struct SqlOptions {
  ConnectTo to;
  std::string data_dir;
  std::string statements;
  std::string file;
  std::string format = "table";
};

RowFormat FormatOf(const SqlOptions& options, const GlobalOptions& global) {
  if (global.json || options.format == "json") return RowFormat::kJson;
  return options.format == "csv" ? RowFormat::kCsv : RowFormat::kTable;
}

enum class Kind { kQuery, kDml, kDdl };

// By the first word, as every Spanner shell does.
Kind KindOf(const std::string& statement) {
  std::string word;
  for (const char c : statement) {
    if (!absl::ascii_isalpha(c)) {
      if (!word.empty()) break;
      continue;
    }
    word.push_back(absl::ascii_toupper(c));
  }
  for (const char* ddl : {"CREATE", "ALTER", "DROP", "GRANT", "REVOKE", "RENAME", "ANALYZE"}) {
    if (word == ddl) return Kind::kDdl;
  }
  for (const char* dml : {"INSERT", "UPDATE", "DELETE"}) {
    if (word == dml) return Kind::kDml;
  }
  return Kind::kQuery;
}

absl::Status RunDml(Connection& connection, const std::string& statement, RowFormat format) {
  spanner::ResultPtr result;
  const auto answer = connection.client->RunTransaction(
      [&](spanner::Client::Transaction& transaction) -> absl::StatusOr<std::string> {
        google::spanner::v1::ExecuteSqlRequest request;
        request.set_sql(statement);
        KS_ASSIGN_OR_RETURN(result, transaction.Query(request));
        return std::string();
      });
  KS_RETURN_IF_ERROR(answer.status);
  if (result->metadata().row_type().fields_size() > 0) PrintResult(*result, format, std::cout);
  if (format == RowFormat::kTable) {
    std::cout << WithThousands(result->stats().row_count_exact()) << " rows changed\n";
  }
  return absl::OkStatus();
}

absl::Status RunStatement(Connection& connection, const std::string& statement, RowFormat format) {
  const int64_t started = env::RealClock().MonotonicNanos();
  switch (KindOf(statement)) {
    case Kind::kDdl:
      KS_RETURN_IF_ERROR(connection.admin->UpdateDdl(connection.client->database(), {statement}));
      if (format == RowFormat::kTable) std::cout << "done\n";
      break;
    case Kind::kDml:
      KS_RETURN_IF_ERROR(RunDml(connection, statement, format));
      break;
    case Kind::kQuery: {
      KS_ASSIGN_OR_RETURN(const auto result, connection.client->QueryNow(statement));
      PrintResult(*result, format, std::cout);
      break;
    }
  }
  const double ms = env::SecondsSince(started) * 1000;
  if (format == RowFormat::kTable && SomebodyWatches())
    std::cerr << absl::StrFormat("%.1f ms\n", ms);
  return absl::OkStatus();
}

int RunAll(Connection& connection, const std::string& text, const SqlOptions& options,
           const GlobalOptions& global) {
  for (const std::string& statement : SplitStatements(text)) {
    const absl::Status status = RunStatement(connection, statement, FormatOf(options, global));
    if (!status.ok()) return Fail(global, status);
  }
  return kExitOk;
}

int RunPrompt(Connection& connection, const SqlOptions& options, const GlobalOptions& global) {
  std::cerr << "Connected to " << connection.client->database()
            << ". End statements with ;  leave with Ctrl-D.\n";
  std::string text;
  std::string line;
  while (std::cerr << (text.empty() ? "sql> " : "  -> ") << std::flush &&
         std::getline(std::cin, line)) {
    text += line + "\n";
    if (!absl::EndsWith(absl::StripTrailingAsciiWhitespace(text), ";")) continue;
    RunAll(connection, text, options, global);
    text.clear();
  }
  std::cerr << "\n";
  return kExitOk;
}

int RunSql(const SqlOptions& options, const GlobalOptions& global) {
  std::unique_ptr<LocalDatabase> local;
  ConnectTo to = options.to;
  to.log = global.connection_log.get();
  if (!options.data_dir.empty()) {
    auto opened = LocalDatabase::Open(options.data_dir);
    if (!opened.ok()) return Fail(global, opened.status());
    local = *std::move(opened);
    to.endpoint = local->address();
  }
  auto connection = Connect(to);
  if (!connection.ok()) return Fail(global, connection.status());
  if (!options.statements.empty()) return RunAll(*connection, options.statements, options, global);
  if (isatty(STDIN_FILENO) != 0 && options.file.empty())
    return RunPrompt(*connection, options, global);
  std::stringstream text;
  if (options.file.empty()) {
    text << std::cin.rdbuf();
  } else {
    std::ifstream file(options.file);
    if (!file) return Fail(global, absl::NotFoundError(StrCat("cannot read ", options.file)));
    text << file.rdbuf();
  }
  return RunAll(*connection, text.str(), options, global);
}

}  // namespace

void AddSqlCommand(CLI::App& app, GlobalOptions& global) {
  CLI::App* command = app.add_subcommand("sql", "run SQL statements against any Spanner database");
  auto options = std::make_shared<SqlOptions>();
  options->to.database = "projects/local/instances/local/databases/local";
  command->add_option("-d,--database", options->to.database,
                      "projects/P/instances/I/databases/D (default: the one that `dev` makes)");
  command->add_option("--endpoint", options->to.endpoint,
                      "HOST:PORT of a local Spanner (default: SPANNER_EMULATOR_HOST)");
  command->add_option("--role", options->to.role, "database role");
  command->add_option("--data", options->data_dir,
                      "open this data directory of a local Spanner that is not running");
  command->add_option("-e,--execute", options->statements, "statements, separated by ;");
  command->add_option("-f,--file", options->file, "read statements from a file");
  command->add_option("--format", options->format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}));
  command->footer(
      "Example:  kafka-spanner sql --endpoint 127.0.0.1:9010 -e \"SELECT * FROM Airlines\"");
  OnChosen(*command, global, [options, &global] { return RunSql(*options, global); });
}

}  // namespace ks::cli
