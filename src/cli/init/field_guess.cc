#include "cli/init/field_guess.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "base/str_cat.h"
#include "formats/schema_store.h"
#include "formats/text.h"

namespace ks::cli {
namespace {

using nlohmann::ordered_json;

// More digits are no decimal that somebody wrote, but a binary number's.
constexpr size_t kFractionDigitsMax = 9;

std::string ScalarType(const ordered_json& value) {
  if (value.is_boolean()) return "BOOL";
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
    return "NUMERIC";
  if (value.is_number_integer()) return "INT64";
  if (value.is_number_float()) {
    const std::string text = value.dump();
    const size_t point = text.find('.');
    const bool decimal =
        text.find_first_of("eE") == std::string::npos &&
        (point == std::string::npos || text.size() - point - 1 <= kFractionDigitsMax);
    return decimal ? "NUMERIC" : "FLOAT64";
  }
  if (!value.is_string()) return "JSON";
  const auto& text = value.get_ref<const std::string&>();
  sql::TimestampValue time;
  if (formats::ParseTimestampExact(text, &time) == formats::Parsed::kOk) return "TIMESTAMP";
  int64_t days = 0;
  if (formats::ParseDateExact(text, &days) == formats::Parsed::kOk) return "DATE";
  return "STRING";
}

// The type that holds both; JSON holds anything.
std::string Wider(const std::string& a, const std::string& b) {
  if (a == b || b.empty()) return a;
  if (a.empty()) return b;
  const std::set<std::string> both = {a, b};
  if (both == std::set<std::string>{"INT64", "NUMERIC"}) return "NUMERIC";
  if (both == std::set<std::string>{"INT64", "FLOAT64"}) return "FLOAT64";
  if (both == std::set<std::string>{"NUMERIC", "FLOAT64"}) return "FLOAT64";
  const std::set<std::string> texts = {"STRING", "TIMESTAMP", "DATE"};
  return texts.contains(a) && texts.contains(b) ? "STRING" : "JSON";
}

// Empty: the value says nothing.
std::string TypeOf(const ordered_json& value) {
  if (value.is_null()) return "";
  if (!value.is_array()) return ScalarType(value);
  std::string element;
  for (const auto& each : value) {
    if (!each.is_null()) element = Wider(element, ScalarType(each));
  }
  if (element.empty()) return "";
  return element == "JSON" ? "JSON" : StrCat("ARRAY<", element, ">");
}

bool LooksLikeEpoch(const ordered_json& value) {
  if (!value.is_number_integer()) return false;
  const auto number = value.get<int64_t>();
  return number > 1'000'000'000'000 && number < 4'000'000'000'000;
}

std::string NoteOf(const std::string& type, size_t seen, size_t all, bool epoch) {
  std::string note = StrCat("in ", seen, " of ", all, " records");
  if (type == "NUMERIC") StrAppend(&note, "; FLOAT64 if it is no decimal");
  if (type == "FLOAT64") StrAppend(&note, "; too many digits for NUMERIC");
  if (type == "JSON") StrAppend(&note, "; nested, or of several types");
  if (epoch) StrAppend(&note, "; a time? TIMESTAMP_MILLIS() makes one of it");
  return note;
}

// An object of Debezium's, with or without the schema around it; null where it is none.
const ordered_json* Envelope(const ordered_json& value) {
  const ordered_json* inner = &value;
  if (value.is_object() && value.contains("payload") && value.contains("schema"))
    inner = &value["payload"];
  if (!inner->is_object() || !inner->contains("op") || !inner->contains("source")) return nullptr;
  return inner->contains("after") || inner->contains("before") ? inner : nullptr;
}

std::vector<ordered_json> ObjectsOf(const std::vector<std::string>& texts) {
  std::vector<ordered_json> objects;
  for (const std::string& text : texts) {
    ordered_json value = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!value.is_object()) return {};
    objects.push_back(std::move(value));
  }
  return objects;
}

GuessedPart GuessObjects(std::vector<ordered_json> objects) {
  GuessedPart part{.format = "json"};
  const bool change_events = std::all_of(
      objects.begin(), objects.end(), [](const auto& value) { return Envelope(value) != nullptr; });
  if (change_events) {
    part.format = "debezium";
    std::vector<ordered_json> images;
    for (const auto& value : objects) {
      for (const char* image : {"after", "before"}) {
        const ordered_json& envelope = *Envelope(value);
        if (envelope.contains(image) && envelope[image].is_object())
          images.push_back(envelope[image]);
      }
    }
    objects = std::move(images);
  }
  // The key of a change event: {"schema": …, "payload": {…}}.
  for (ordered_json& value : objects) {
    if (value.size() == 2 && value.contains("schema") && value.contains("payload") &&
        value["payload"].is_object()) {
      ordered_json inner = value["payload"];
      value = std::move(inner);
      part.format = "debezium";
    }
  }
  part.fields = GuessFields(objects);
  return part;
}

}  // namespace

std::vector<GuessedField> GuessFields(const std::vector<ordered_json>& objects) {
  struct Seen {
    std::string name, type;
    size_t count = 0;
    bool epoch = true;
  };
  std::vector<Seen> fields;
  for (const ordered_json& object : objects) {
    for (const auto& [name, value] : object.items()) {
      auto found = std::find_if(fields.begin(), fields.end(),
                                [&, &name = name](const Seen& each) { return each.name == name; });
      if (found == fields.end()) found = fields.insert(fields.end(), {.name = name});
      found->type = Wider(found->type, TypeOf(value));
      if (value.is_null()) continue;
      ++found->count;
      found->epoch &= LooksLikeEpoch(value);
    }
  }
  std::vector<GuessedField> guessed;
  for (const Seen& each : fields) {
    const bool nothing = each.type.empty();
    guessed.push_back({each.name, nothing ? "JSON" : each.type,
                       nothing ? "always null or empty"
                               : NoteOf(each.type, each.count, objects.size(), each.epoch)});
  }
  return guessed;
}

GuessedPart GuessPart(const std::vector<std::optional<std::string>>& samples) {
  std::vector<std::string> texts;
  for (const auto& sample : samples) {
    if (sample) texts.push_back(*sample);
  }
  if (texts.empty()) return {};
  const auto all = [&](auto&& is) { return std::all_of(texts.begin(), texts.end(), is); };
  const auto is_text = [](const std::string& text) {
    return formats::IsValidUtf8(text) && text.find('\0') == std::string::npos;
  };
  if (all([](const std::string& text) { return text.size() == 8; }) && !all(is_text))
    return {.format = "int64", .note = "8 bytes that are no text: Java's long"};
  int32_t id = 0;
  const bool framed = all([&](const std::string& text) { return formats::ReadFrame(text, &id); });
  if (framed) {
    for (std::string& text : texts) text.erase(0, formats::kFrameBytes);
  }
  GuessedPart part;
  auto objects = ObjectsOf(texts);
  if (!objects.empty()) {
    part = GuessObjects(std::move(objects));
  } else if (framed) {
    part.format = "avro";
  } else if (all(is_text)) {
    part.format = "string";
  } else {
    part = {.format = "bytes", .note = "neither text nor JSON"};
  }
  part.framed = framed;
  return part;
}

std::string PascalCase(std::string_view name) {
  std::string out;
  bool up = true;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0) {
      up = true;
      continue;
    }
    out += up ? static_cast<char>(std::toupper(byte)) : c;
    up = false;
  }
  if (out.empty() || std::isdigit(static_cast<unsigned char>(out[0])) != 0) out.insert(0, "C");
  return out;
}

}  // namespace ks::cli
