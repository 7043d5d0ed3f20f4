// Runs every case of tests/ddl/*.test on a database in memory and compares with the recorded
// answer.
//
//   ks_ddl_tests <folder> [--accept] [word…]    only files whose name contains one of the words
//
// The form of the files is told in record.py. Statements, rows and texts of errors must be equal,
// save that of syntax errors and of errors of queries only the code counts: their texts are
// src/sql's, which has a corpus of its own. Keys count as production prints them: `[1]`, not
// `{Int64(1)}`. `--accept` writes what was answered otherwise as `= ` lines, for a person to look
// at and to explain with `# why`.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "local/spanner/ddl/schema_change.h"
#include "local/spanner/query/database_catalog.h"
#include "local/spanner/query/dml_runner.h"
#include "local/spanner/schema/proto_types.h"
#include "local/spanner/txn/database.h"
#include "sql/analyzer/analyzer.h"
#include "sql/eval/query.h"
#include "sql/parser/error_location.h"

namespace ks::local {
namespace {

using Lines = std::vector<std::string>;

Lines ErrorLines(const absl::Status& status) {
  std::string text =
      StrCat(absl::StatusCodeToString(status.code()), ": ", ks::View(status.message()));
  return absl::StrSplit(text, '\n');
}

// As record.py writes values: without quotes.
std::string ValueText(const sql::Value& value) {
  if (value.null()) return "NULL";
  std::string text = value.ToSql();
  if (value.type()->Is(sql::TypeKind::kBool)) return value.datum().bool_value() ? "true" : "false";
  if (value.type()->Is(sql::TypeKind::kString)) return std::string(value.datum().str());
  if (value.type()->is_array()) return text.substr(text.find('['));
  static const std::regex quoted("^(?:[A-Z]+ )?['\"](.*)['\"]$");
  return std::regex_replace(text, quoted, "$1");
}

Lines RowLines(const std::vector<std::vector<sql::Value>>& rows) {
  Lines lines;
  for (const auto& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      StrAppend(&line, c == 0 ? "" : " | ", ValueText(row[c]));
    }
    lines.push_back(std::move(line));
  }
  if (lines.empty()) lines.push_back("no rows");
  return lines;
}

class Runner {
 public:
  absl::Status Reset() {
    DatabaseOptions options;
    options.in_memory = true;
    descriptors_.clear();
    KS_ASSIGN_OR_RETURN(db_, Database::Open(options));
    return absl::OkStatus();
  }

  Lines Answer(const std::string& step) {
    if (step == "DDL") return Printed();
    if (step.starts_with("PROTO\n")) return SetDescriptors(step.substr(step.find('\n')));
    for (std::string_view word : {"SELECT", "WITH"}) {
      if (absl::StartsWithIgnoreCase(step, AbslView(word))) return Query(step);
    }
    for (std::string_view word : {"INSERT", "UPDATE", "DELETE"}) {
      if (absl::StartsWithIgnoreCase(step, AbslView(word))) return Dml(step);
    }
    std::vector<std::string> statements;
    std::string text;
    for (std::string_view line : absl::StrSplit(step, '\n')) {
      StrAppend(&text, text.empty() ? "" : "\n", line);
      if (!line.ends_with(";")) continue;
      text.pop_back();
      statements.push_back(std::exchange(text, ""));
    }
    if (!text.empty()) statements.push_back(text);
    const absl::Status status = ApplyDdl(*db_, {statements, descriptors_});
    return status.ok() ? Lines{"OK"} : ErrorLines(status);
  }

 private:
  Lines Printed() {
    Lines lines;
    for (const std::string& statement : PrintDdl(*db_->schema())) {
      for (std::string_view line : absl::StrSplit(statement + ";", '\n')) lines.emplace_back(line);
    }
    if (lines.empty()) lines.push_back("nothing");
    return lines;
  }

  Lines Query(const std::string& text) {
    auto transaction = db_->BeginReadOnly({});
    if (!transaction.ok()) return ErrorLines(transaction.status());
    SnapshotSource source(**transaction);
    DatabaseCatalog catalog(source);
    sql::ExecuteOptions options;
    options.sequences = source.sequences();
    sql::AnalyzerOptions names;
    names.catalog = &catalog;
    names.protos = source.schema()->proto_types.get();
    auto analyzed = sql::AnalyzeStatement(text, names);
    if (!analyzed.ok()) return ErrorLines(sql::WithLocation(text, analyzed.status()));
    auto result = sql::RunQuery(*analyzed->query, options);
    return result.ok() ? RowLines(result->rows) : ErrorLines(result.status());
  }

  Lines Dml(const std::string& text) {
    auto transaction = db_->BeginReadWrite();
    LockingSource source(*transaction);
    DatabaseCatalog catalog(source);
    sql::AnalyzerOptions options;
    options.catalog = &catalog;
    options.protos = source.schema()->proto_types.get();
    auto analyzed = sql::AnalyzeStatement(text, options);
    if (!analyzed.ok()) return ErrorLines(analyzed.status());
    auto result = RunDml(*transaction, *analyzed->dml, {});
    if (!result.ok()) return ErrorLines(result.status());
    auto committed = transaction->Commit();
    if (!committed.ok()) return ErrorLines(committed.status());
    return result->returning_columns.empty() ? Lines{"OK"} : RowLines(result->returning);
  }

  Lines SetDescriptors(const std::string& proto) {
    namespace pb = google::protobuf;
    pb::io::ArrayInputStream in(proto.data(), static_cast<int>(proto.size()));
    pb::io::Tokenizer tokens(&in, nullptr);
    pb::FileDescriptorSet files;
    pb::compiler::Parser parser;
    if (!parser.Parse(&tokens, files.add_file())) return {"the .proto cannot be parsed"};
    files.mutable_file(0)->set_name("case.proto");
    // As protoc does, the types that fields name are resolved.
    pb::DescriptorPool pool;
    const pb::FileDescriptor* built = pool.BuildFile(files.file(0));
    if (built == nullptr) return {"the .proto cannot be built"};
    files.mutable_file(0)->Clear();
    built->CopyTo(files.mutable_file(0));
    descriptors_ = files.SerializeAsString();
    return {"OK"};
  }

  std::unique_ptr<Database> db_;
  std::string descriptors_;
};

// What counts of an answer.
std::string Essence(const std::string& step, Lines lines) {
  static const std::regex key(R"re(\{(?:Int64|String|Bytes)\("?([^{}"]*)"?\)\})re");
  static const std::regex made_up("_[0-9A-F]{16}(?=[_\\W]|$)");
  static const std::regex error("^[A-Z_]+: ");
  if (!std::regex_search(lines[0], error)) {
    return std::regex_replace(absl::StrJoin(lines, "\n"), made_up, "_#");
  }
  bool query = absl::StrContains(" SELECT WITH INSERT UPDATE DELETE ",
                                 StrCat(" ", step.substr(0, step.find(' ')), " "));
  std::string line = lines[0];
  if (query || absl::StrContains(line, "Syntax error")) return line.substr(0, line.find(':'));
  const size_t at = line.rfind(" [at ");
  if (at != std::string::npos) line.resize(at);
  return std::regex_replace(std::regex_replace(line, key, "[$1]"), made_up, "_#");
}

struct Count {
  int steps = 0;
  int wrong = 0;
};

// One file, step by step.
class File {
 public:
  File(const std::filesystem::path& path, bool accept) : path_(path), accept_(accept) {}

  Count Run() {
    std::ifstream in(path_);
    std::string line;
    while (std::getline(in, line)) {
      const bool answer = line.starts_with("<") || line.starts_with("=");
      const bool more = line.starts_with(">   ") && !step_.empty() && expected_.empty();
      if (!more && !line.starts_with("< ") && !line.starts_with("= ")) Finish();
      if (line.starts_with("== ")) {
        title_ = line.substr(3);
        if (absl::Status status = runner_.Reset(); !status.ok()) std::cout << status << "\n";
      } else if (more) {
        step_ += "\n" + line.substr(2);
      } else if (line.starts_with("> ") || line.starts_with(">! ")) {
        step_ = line.substr(line.find(' ') + 1);
      } else if (answer && line.size() > 1) {
        (line[0] == '<' ? expected_ : ours_).push_back(line.substr(line.size() > 2 ? 2 : 1));
      }
      if (!line.starts_with("= ")) out_ << line << "\n";
    }
    Finish();
    if (accept_) std::ofstream(path_) << out_.str();
    return count_;
  }

 private:
  void Finish() {
    if (step_.empty()) return;
    ++count_.steps;
    const Lines found = runner_.Answer(step_);
    const Lines& wanted = ours_.empty() ? expected_ : ours_;
    const bool right = !wanted.empty() && Essence(step_, found) == Essence(step_, wanted);
    if (!right) {
      ++count_.wrong;
      std::cout << path_.filename().string() << " (" << title_ << ")\n> " << step_
                << "\n  expected: " << absl::StrJoin(wanted, "\n            ")
                << "\n  found:    " << absl::StrJoin(found, "\n            ") << "\n";
    }
    const bool differs = expected_.empty() || Essence(step_, found) != Essence(step_, expected_);
    if (differs) {
      for (const std::string& line : found) out_ << "= " << line << "\n";
    }
    step_.clear();
    expected_.clear();
    ours_.clear();
  }

  const std::filesystem::path path_;
  const bool accept_;
  Runner runner_;
  std::string title_;
  std::string step_;
  Lines expected_;  // `<`
  Lines ours_;      // `=`
  std::ostringstream out_;
  Count count_;
};

int Main(int argc, char** argv) {
  Count all;
  bool accept = false;
  std::vector<std::string> words;
  for (int i = 2; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--accept")
      accept = true;
    else
      words.push_back(argv[i]);
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argc > 1 ? argv[1] : "tests/ddl")) {
    const std::string name = entry.path().filename().string();
    bool wanted = words.empty();
    for (const std::string& word : words) wanted = wanted || name.find(word) != std::string::npos;
    if (wanted && entry.path().extension() == ".test") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    const Count count = File(file, accept).Run();
    all.steps += count.steps;
    all.wrong += count.wrong;
  }
  std::cout << all.steps << " steps, " << all.wrong << " answered otherwise\n";
  return all.steps > 0 && all.wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ks::local

int main(int argc, char** argv) { return ks::local::Main(argc, argv); }
