#include "cli/init/proposal.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "sql/parser/lexer.h"

namespace ks::cli {
namespace {

// A YAML scalar: in quotes unless it can be nothing but text.
std::string Scalar(const std::string& text) {
  static const std::set<std::string> kWords = {"y",   "n",    "yes",   "no",  "on",
                                               "off", "true", "false", "null"};
  const bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
                     std::all_of(text.begin(), text.end(), [](char c) {
                       return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
                              c == '-' || c == '.' || c == '/';
                     });
  if (plain && !kWords.contains(absl::AsciiStrToLower(text))) return text;
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A name for a table or a column that needs no quotes anywhere.
std::string PlainName(const std::string& name, std::string_view end) {
  std::string plain = PascalCase(name);
  if (sql::QuotedIdentifier(plain) != plain || sql::IsKeyword(absl::AsciiStrToUpper(plain)))
    plain += end;
  return plain;
}

void AppendSchema(const std::vector<GuessedField>& fields, const std::string& indent,
                  std::string* text) {
  size_t width = 0;
  for (const GuessedField& field : fields)
    width = std::max(width, Scalar(field.name).size() + field.type.size() + 2);
  std::set<std::string> taken;
  StrAppend(text, indent, "schema:\n");
  for (const GuessedField& field : fields) {
    const std::string line = StrCat(Scalar(field.name), ": ", field.type);
    const bool repeated = !taken.insert(absl::AsciiStrToLower(field.name)).second;
    const bool left_out = repeated || field.name.empty() || field.name[0] == '_';
    StrAppend(text, indent, left_out ? "  # " : "  ", line,
              std::string(width - std::min(width, line.size()), ' '), "  # ",
              left_out ? "left out, as no column may be called so; " : "", field.note, "\n");
  }
}

void AppendPart(const Proposal& proposal, const GuessedPart& part, std::string_view title,
                const std::string& name, std::string* text) {
  StrAppend(text, "  ", title, ":", part.note.empty() ? "" : StrCat("  # ", part.note),
            "\n    format: ", part.format, "\n");
  const bool has_fields = part.format == "json" || part.format == "debezium";
  if (part.framed) StrAppend(text, "    registry: {url: ", Scalar(proposal.registry), "}\n");
  if (has_fields) AppendSchema(part.fields, "    ", text);
  if (!has_fields && !part.framed) StrAppend(text, "    name: ", Scalar(name), "\n");
}

std::string SelectText(const std::vector<std::string>& columns, bool with_position) {
  std::vector<std::string> lines;
  if (with_position) lines = {"_partition AS KafkaPart", "_offset AS KafkaPos"};
  std::set<std::string> taken = {"kafkapart", "kafkapos"};
  for (const std::string& column : columns) {
    std::string name = PlainName(column, "Value");
    while (!taken.insert(absl::AsciiStrToLower(name)).second) name += "2";
    lines.push_back(StrCat(sql::QuotedIdentifier(column), " AS ", name));
  }
  std::string text = "SELECT\n";
  for (size_t i = 0; i < lines.size(); ++i)
    StrAppend(&text, "        ", lines[i], i + 1 < lines.size() ? ",\n" : "\n");
  return text;
}

// A topic of the name of a field would hide it.
bool TopicHidesField(const Proposal& proposal, const std::vector<std::string>& columns) {
  return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
    return absl::EqualsIgnoreCase(column, proposal.topic);
  });
}

}  // namespace

std::string KeyColumnName(const std::vector<std::optional<std::string>>& keys,
                          const std::vector<std::optional<std::string>>& values) {
  std::vector<std::string> candidates;
  bool first = true;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i] || !values[i]) continue;
    const auto value = nlohmann::ordered_json::parse(*values[i], nullptr, false);
    if (!value.is_object()) return "key";
    std::vector<std::string> equal;
    for (const auto& [name, field] : value.items()) {
      const std::string text = field.is_string() ? field.get<std::string>() : field.dump();
      if (text == *keys[i] && !name.empty() && name[0] != '_') equal.push_back(name);
    }
    if (first) candidates = equal;
    std::erase_if(candidates, [&](const std::string& name) {
      return std::find(equal.begin(), equal.end(), name) == equal.end();
    });
    first = false;
  }
  return candidates.empty() ? "key" : candidates.front();
}

std::string PipelineText(const Proposal& proposal, const std::vector<std::string>& columns) {
  const bool keyed = !proposal.key.format.empty();
  std::string pipeline = proposal.topic;
  std::string text = StrCat(
      "# Proposed by `kafka-spanner init` from ", proposal.records, " records of topic ",
      proposal.topic, ".\n# Types are guesses from what these held: read the comments, then\n#\n",
      "#   kafka-spanner preview FILE      what the topic becomes\n",
      "#   kafka-spanner plan FILE --ddl   the tables that are missing\npipeline: ",
      Scalar(pipeline), "\nfrom:\n");
  // Without a name of its own the source is called as its topic.
  const bool named = TopicHidesField(proposal, columns);
  std::string source = StrCat("  kafka:\n    brokers: ", Scalar(proposal.brokers),
                              "\n    topic: ", Scalar(proposal.topic),
                              "\n    start: earliest  # only where no checkpoint exists\n");
  if (keyed)
    AppendPart(proposal, proposal.key, "key",
               proposal.key.fields.empty() ? "key" : proposal.key.fields.front().name, &source);
  AppendPart(proposal, proposal.value, "value", "value", &source);
  if (named) {
    StrAppend(&text,
              "  # The topic is called as one of its fields, so the source has another name.\n",
              "  records:\n");
    for (size_t begin = 0; begin < source.size();) {
      const size_t end = source.find('\n', begin) + 1;
      StrAppend(&text, "  ", source.substr(begin, end - begin));
      begin = end;
    }
  } else {
    text += source;
  }
  StrAppend(&text, "to:\n  spanner:\n    database: ", proposal.database, "\ntables:\n  ",
            PlainName(proposal.topic, "Rows"), ":\n");
  if (!keyed)
    StrAppend(&text,
              "    # The records have no key, so each is a row of its own, by where it stands.\n",
              "    mode: append\n");
  StrAppend(&text, "    select: |\n      ", SelectText(columns, !keyed || columns.empty()));
  return text;
}

}  // namespace ks::cli
