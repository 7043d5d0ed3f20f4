// kafka-spanner sql: statements against any Spanner, from the command line, a pipe or a prompt.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/local_database.h"
#include "cli/signals.h"
#include "cli/sql/errors.h"
#include "cli/sql/shell.h"
#include "spanner/cancellation.h"

namespace ks::cli {
namespace {

struct SqlOptions {
  ConnectTo to;
  std::string data_dir;
  std::string statements;
  std::string file;
  std::string format = "table";
};

// Whom Ctrl-C is for; nobody before and after the prompt.
struct Prompt {
  void Set(SqlSession* now) {
    absl::MutexLock lock(&mu);
    session = now;
  }
  absl::Mutex mu;
  SqlSession* session ABSL_GUARDED_BY(mu) = nullptr;
};

RowFormat FormatOf(const SqlOptions& options, const GlobalOptions& global) {
  if (global.json || options.format == "json") return RowFormat::kJson;
  return options.format == "csv" ? RowFormat::kCsv : RowFormat::kTable;
}

// Statements from the command line, a file or a pipe; nothing where somebody sits at a prompt.
absl::StatusOr<std::optional<std::string>> ScriptOf(const SqlOptions& options) {
  if (!options.statements.empty()) return options.statements;
  std::stringstream text;
  if (!options.file.empty() && options.file != "-") {
    std::ifstream file(options.file);
    if (!file) return CannotReadScript(options.file);
    text << file.rdbuf();
    return text.str();
  }
  if (isatty(STDIN_FILENO) != 0) return std::nullopt;
  text << std::cin.rdbuf();
  return text.str();
}

int RunSql(const SqlOptions& options, const GlobalOptions& global) {
  const auto script = ScriptOf(options);
  if (!script.ok()) return Fail(global, script.status());
  // Before any thread starts: Ctrl-C cancels the statement of a prompt, and ends a script.
  auto prompt = std::make_shared<Prompt>();
  if (!script->has_value()) {
    OnEachInterrupt([prompt] {
      absl::MutexLock lock(&prompt->mu);
      if (prompt->session != nullptr) prompt->session->Interrupt();
    });
  }
  std::unique_ptr<LocalDatabase> local;
  ConnectTo to = options.to;
  to.log = global.connection_log.get();
  to.cancellation = std::make_shared<spanner::Cancellation>();
  if (!options.data_dir.empty()) {
    auto opened = LocalDatabase::Open(options.data_dir);
    if (!opened.ok()) return Fail(global, opened.status());
    local = *std::move(opened);
    to.endpoint = local->address();
  }
  auto connection = Connect(to);
  if (!connection.ok()) return Fail(global, connection.status());
  SqlSession session(*connection, to.cancellation);
  session.format = FormatOf(options, global);
  if (script->has_value()) {
    return RunScript(session, **script, options.file == "-" ? "" : options.file, global);
  }
  session.timing = session.format == RowFormat::kTable;
  prompt->Set(&session);
  const int code = RunShell(*connection, session);
  prompt->Set(nullptr);
  return code;
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
  command->add_option("-f,--file", options->file,
                      "read statements from a file; - for standard input");
  command->add_option("--format", options->format, "table, csv or json")
      ->check(CLI::IsMember({"table", "csv", "json"}));
  command->footer(
      "Without statements, and at a terminal, it is a shell: docs/guide/sql.md.\n"
      "Example:  kafka-spanner sql --endpoint 127.0.0.1:9010 -e \"SELECT * FROM Airlines\"");
  OnChosen(*command, global, [options, &global] { return RunSql(*options, global); });
}

}  // namespace ks::cli
