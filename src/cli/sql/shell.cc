#include "cli/sql/shell.h"

#include <google/spanner/v1/spanner.pb.h>

#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/exit_code.h"
#include "cli/sql/completion.h"
#include "cli/sql/describe.h"
#include "cli/sql/error_place.h"
#include "cli/sql/errors.h"
#include "cli/sql/history.h"
#include "cli/sql/line_editor.h"

namespace ks::cli {
namespace {

std::string MarkedPlace(const SqlSession::Failure& failure) {
  if (failure.statement == nullptr) return "";
  const auto place = PlaceIn(failure.status.message());
  return place.has_value() ? MarkPlace(failure.statement->text, *place) : "";
}

class Shell {
 public:
  Shell(Connection& connection, SqlSession& session)
      : connection_(connection),
        session_(session),
        history_(HistoryPath()),
        editor_([this](auto before, auto whole) { return CompleteLine(before, whole); }) {
    for (const std::string& entry : history_.entries()) editor_.Remember(entry);
  }

  int Run() {
    std::cout << "Connected to " << connection_.client->database()
              << ". Statements end with ; \\? helps, \\q leaves.\n";
    std::string line;
    while (!leaving_) {
      switch (editor_.Read(Prompt(), &line)) {
        case LineEnd::kEndOfInput:
          std::cout << "\n";
          return kExitOk;
        case LineEnd::kGivenUp:
          pending_.clear();
          break;
        case LineEnd::kEntered:
          Take(line);
          break;
      }
      std::cout.flush();
    }
    return kExitOk;
  }

 private:
  using Words = std::vector<std::string>;
  struct Command {
    const char* name;
    const char* arguments;
    const char* help;
    absl::Status (Shell::*run)(const Words& words);
  };
  static const std::vector<Command>& Commands();

  std::string Prompt() const {
    const char* state = session_.transaction() == TransactionMode::kNone       ? ""
                        : session_.transaction() == TransactionMode::kReadOnly ? " (read only)"
                                                                               : " (transaction)";
    return StrCat(pending_.empty() ? "sql" : " ->", state, "> ");
  }

  void Take(const std::string& line) {
    const std::string trimmed(absl::StripAsciiWhitespace(line));
    if (pending_.empty() && trimmed.empty()) return;
    if (pending_.empty() && trimmed[0] == '\\') {
      Remember(line);
      Report({RunCommand(trimmed), nullptr});
      return;
    }
    pending_ += pending_.empty() ? line : StrCat("\n", line);
    const Script script = ReadScript(pending_);
    if (script.open) return;
    Remember(std::exchange(pending_, ""));
    if (const auto failure = session_.Run(script.statements)) Report(*failure);
    if (session_.TakeSchemaChanged()) names_.reset();
  }

  void Remember(const std::string& entry) {
    if (history_.Add(entry)) editor_.Remember(entry);
  }

  static void Report(const SqlSession::Failure& failure) {
    if (failure.status.ok()) return;
    std::cout.flush();
    std::cerr << absl::StatusCodeToString(failure.status.code()) << ": " << failure.status.message()
              << "\n"
              << MarkedPlace(failure);
  }

  absl::Status RunCommand(const std::string& line) {
    Words words = absl::StrSplit(line, absl::ByAnyChar(" \t;"), absl::SkipEmpty());
    for (const Command& command : Commands()) {
      if (words[0] != command.name) continue;
      words.erase(words.begin());
      return (this->*command.run)(words);
    }
    return NoSuchCommand(words[0]);
  }

  absl::Status Describe(const Words& words) {
    if (words.empty()) return ListObjects(*connection_.client, false, session_.format, std::cout);
    return DescribeTable(*connection_.client, words[0], session_.format, std::cout);
  }
  absl::Status Tables(const Words&) {
    return ListObjects(*connection_.client, true, session_.format, std::cout);
  }
  absl::Status Timing(const Words& words) {
    session_.timing = words.empty() ? !session_.timing : words[0] == "on";
    std::cout << "timing is " << (session_.timing ? "on" : "off") << "\n";
    return absl::OkStatus();
  }
  absl::Status Format(const Words& words) {
    static const std::map<std::string, RowFormat> formats = {
        {"table", RowFormat::kTable}, {"csv", RowFormat::kCsv}, {"json", RowFormat::kJson}};
    const auto found = formats.find(words.empty() ? "" : words[0]);
    if (found == formats.end()) return absl::InvalidArgumentError("\\format table, csv or json");
    session_.format = found->second;
    return absl::OkStatus();
  }
  absl::Status Include(const Words& words) {
    if (words.empty()) return absl::InvalidArgumentError("\\i FILE");
    std::ifstream file(words[0]);
    if (!file) return CannotReadScript(words[0]);
    std::stringstream text;
    text << file.rdbuf();
    const Script script = ReadScript(text.str());
    if (const auto failure = session_.Run(script.statements)) {
      Report(*failure);
      if (failure->statement != nullptr) {
        std::cerr << "(" << words[0] << ", line " << failure->statement->line << ")\n";
      }
    }
    if (session_.TakeSchemaChanged()) names_.reset();
    return absl::OkStatus();
  }
  absl::Status Quit(const Words&) {
    leaving_ = true;
    return absl::OkStatus();
  }
  absl::Status Help(const Words&) {
    TextTable table{{"", ""}, {false, false}, {}};
    for (const Command& command : Commands()) {
      table.rows.push_back({StrCat(command.name, " ", command.arguments), command.help});
    }
    for (const auto& [what, help] :
         {std::pair{"BEGIN [READ ONLY]", "start a transaction; COMMIT or ROLLBACK ends it"},
          std::pair{"EXPLAIN [ANALYZE] SQL", "a statement's plan; with ANALYZE it runs"},
          std::pair{"Tab, Ctrl-R", "complete a word; search what was typed"},
          std::pair{"Ctrl-C", "give up the line, or cancel what runs"}}) {
      table.rows.push_back({what, help});
    }
    size_t widest = 0;
    for (const auto& row : table.rows) widest = std::max(widest, row[0].size());
    for (const auto& row : table.rows) {
      std::cout << row[0] << std::string(widest + 2 - row[0].size(), ' ') << row[1] << "\n";
    }
    return absl::OkStatus();
  }

  Completion CompleteLine(std::string_view before, std::string_view whole) {
    if (!names_.has_value()) names_ = ReadNames();
    const std::string earlier = pending_.empty() ? "" : StrCat(pending_, "\n");
    return Complete(StrCat(earlier, before), StrCat(earlier, whole), *names_);
  }

  // Without names where Spanner does not answer: Tab must not fail.
  SchemaNames ReadNames() {
    SchemaNames names;
    const auto columns = connection_.client->QueryNow(
        "SELECT IF(c.TABLE_SCHEMA = '', '', c.TABLE_SCHEMA || '.') || c.TABLE_NAME, c.COLUMN_NAME "
        "FROM INFORMATION_SCHEMA.COLUMNS AS c "
        "ORDER BY c.TABLE_SCHEMA, c.TABLE_NAME, c.ORDINAL_POSITION");
    if (!columns.ok()) return names;
    for (const auto& row : (*columns)->rows()) {
      const std::string& table = row.values(0).string_value();
      if (names.tables.empty() || names.tables.back().name != table) {
        names.tables.push_back({table, {}});
      }
      names.tables.back().columns.push_back(row.values(1).string_value());
    }
    return names;
  }

  Connection& connection_;
  SqlSession& session_;
  History history_;
  std::optional<SchemaNames> names_;  // read at the first Tab after a change of the schema
  std::string pending_;               // the lines of a statement that has no end yet
  bool leaving_ = false;
  LineEditor editor_;
};

const std::vector<Shell::Command>& Shell::Commands() {
  static const auto* commands = new std::vector<Command>{
      {"\\d", "[NAME]", "what the database holds; a table's columns, keys and indexes",
       &Shell::Describe},
      {"\\dt", "", "the tables", &Shell::Tables},
      {"\\format", "table|csv|json", "how rows are printed", &Shell::Format},
      {"\\i", "FILE", "run a file's statements", &Shell::Include},
      {"\\timing", "[on|off]", "say how long each statement took", &Shell::Timing},
      {"\\q", "", "leave", &Shell::Quit},
      {"\\?", "", "this list", &Shell::Help},
  };
  return *commands;
}

}  // namespace

int RunShell(Connection& connection, SqlSession& session) {
  return Shell(connection, session).Run();
}

int RunScript(SqlSession& session, const std::string& text, const std::string& file,
              const GlobalOptions& global) {
  const Script script = ReadScript(text);
  const auto failure = session.Run(script.statements);
  std::cout.flush();
  if (!failure.has_value()) return kExitOk;
  absl::Status status = failure->status;
  if (!file.empty() && failure->statement != nullptr) {
    status = absl::Status(status.code(),
                          StrCat(file, ":", failure->statement->line, ": ", status.message()));
  }
  const int code = Fail(global, status);
  if (!global.json) std::cerr << MarkedPlace(*failure);
  return code;
}

}  // namespace ks::cli
