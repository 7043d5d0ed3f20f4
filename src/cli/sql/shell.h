// The prompt of `kafka-spanner sql`: lines become statements, backslash commands are the shell's
// own.
#pragma once

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/sql/session.h"

namespace ks::cli {

// Until \q or the end of input; the exit code. Ctrl-C goes to `session` while a statement runs
// (signals.h; the caller sees to it).
int RunShell(Connection& connection, SqlSession& session);

// Runs a script file's statements; the first failure is said with its line.
int RunScript(SqlSession& session, const std::string& text, const std::string& file,
              const GlobalOptions& global);

}  // namespace ks::cli
