#include "pipeline/yaml_reader.h"

#include <algorithm>
#include <charconv>

#include "base/str_cat.h"
#include "pipeline/errors.h"
#include "pipeline/limits.h"

namespace ks::pipeline {
namespace {

// `123KiB` -> 123 and "KiB". False when there is no number in front.
bool SplitNumber(std::string_view text, int64_t* number, std::string_view* unit) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  if (error != std::errc() || *number < 0) return false;
  *unit = text.substr(static_cast<size_t>(end - text.data()));
  while (!unit->empty() && unit->front() == ' ') unit->remove_prefix(1);
  return true;
}

int64_t BytesOfUnit(std::string_view unit) {
  if (unit.empty() || unit == "B") return 1;
  if (unit == "KiB") return 1LL << 10;
  if (unit == "MiB") return 1LL << 20;
  if (unit == "GiB") return 1LL << 30;
  if (unit == "kB" || unit == "KB") return 1000;
  if (unit == "MB") return 1000000;
  if (unit == "GB") return 1000000000;
  return 0;
}

int64_t MillisOfUnit(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m" || unit == "min") return 60000;
  if (unit == "h") return 3600000;
  if (unit == "d") return 86400000;
  return 0;
}

}  // namespace

FilePosition PositionOf(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

absl::StatusOr<YAML::Node> LoadYaml(const SourceText& file) {
  if (file.text().size() > kPipelineFileBytesMax)
    return FileTooLarge(file.file(), file.text().size());
  try {  // yaml-cpp knows no other way to say that text is not YAML
    return YAML::Load(file.text());
  } catch (const YAML::Exception& error) {
    const FilePosition at = PositionOf(error.mark);
    return file.Error(at, NotYaml(error.msg, file.Line(at.line)));
  }
}

std::string DescribeNode(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (!node.IsScalar()) return "nothing";
  return StrCat("`", Excerpt(node.Scalar()), "`");
}

ObjectReader::ObjectReader(const SourceText& file, const YAML::Node& node, std::string path,
                           FilePosition position)
    : file_(file), path_(std::move(path)), position_(position) {
  if (!node.IsMap()) {
    Fail(position, ExpectedMapping(path_, DescribeNode(node)));
    return;
  }
  for (const auto& pair : node) {
    const YAML::Node& name = pair.first;
    const YAML::Node& value = pair.second;
    const FilePosition name_position = PositionOf(name.Mark());
    if (!name.IsScalar()) {
      Fail(name_position, ExpectedText(path_, DescribeNode(name)));
      return;
    }
    const auto same = [&](const Entry& entry) { return entry.name == name.Scalar(); };
    if (std::any_of(entries_.begin(), entries_.end(), same)) {
      Fail(name_position, RepeatedField(path_, name.Scalar()), name.Scalar().size());
    }
    const FilePosition value_position = value.IsNull() ? name_position : PositionOf(value.Mark());
    entries_.push_back({name.Scalar(), value, name_position, value_position});
  }
}

std::string ObjectReader::PathOf(std::string_view name) const {
  return path_.empty() ? std::string(name) : StrCat(path_, ".", name);
}

void ObjectReader::Fail(FilePosition at, std::string_view message, size_t length) {
  if (status_.ok()) status_ = file_.Error(at, message, length);
}

void ObjectReader::Merge(const absl::Status& status) {
  if (status_.ok()) status_ = status;
}

const ObjectReader::Entry* ObjectReader::Find(std::string_view name, Presence presence) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.emplace_back(name);
  for (const Entry& entry : entries_) {
    if (entry.name == name) return &entry;
  }
  if (presence == kRequired && missing_.ok())
    missing_ = file_.Error(position_, MissingRequired(path_, name));
  return nullptr;
}

const ObjectReader::Entry* ObjectReader::Scalar(std::string_view name) {
  const Entry* entry = Find(name);
  if (entry == nullptr || !ok()) return nullptr;
  if (entry->value.IsScalar()) return entry;
  Fail(entry->position, ExpectedText(PathOf(name), DescribeNode(entry->value)));
  return nullptr;
}

void ObjectReader::Text(std::string_view name, std::string* out, Presence presence) {
  const Entry* entry = Scalar(name);
  if (entry == nullptr) {
    if (presence == kRequired) Find(name, kRequired);
    return;
  }
  if (entry->value.Scalar().empty() && presence == kRequired) {
    return Fail(entry->position, ExpectedText(PathOf(name), "an empty one"));
  }
  *out = entry->value.Scalar();
}

void ObjectReader::Secret(std::string_view name, identity::SecretReference* out,
                          Presence presence) {
  const Entry* entry = Find(name, presence);
  if (entry == nullptr || !ok()) return;
  const std::string text = entry->value.IsScalar() ? entry->value.Scalar() : "";
  auto reference = identity::ParseSecretReference(text);
  if (reference.ok()) {
    *out = *std::move(reference);
    return;
  }
  Fail(entry->position, StrCat("`", PathOf(name), "`: ", View(reference.status().message())));
}

void ObjectReader::Number(std::string_view name, int64_t min, int64_t max, int64_t* out) {
  const Entry* entry = Scalar(name);
  if (entry == nullptr) return;
  const std::string& text = entry->value.Scalar();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return Fail(entry->position, ExpectedNumber(PathOf(name), text, min, max), text.size());
  }
  *out = value;
}

void ObjectReader::Bytes(std::string_view name, int64_t min, int64_t max, int64_t* out) {
  const Entry* entry = Scalar(name);
  if (entry == nullptr) return;
  const std::string& text = entry->value.Scalar();
  int64_t number = 0;
  std::string_view unit;
  const int64_t factor = SplitNumber(text, &number, &unit) ? BytesOfUnit(unit) : 0;
  if (factor == 0) return Fail(entry->position, ExpectedBytes(PathOf(name), text), text.size());
  if (number > max / factor || number * factor < min) {
    return Fail(entry->position, ExpectedNumber(PathOf(name), text, min, max), text.size());
  }
  *out = number * factor;
}

void ObjectReader::DurationMs(std::string_view name, int64_t min, int64_t max, int64_t* out) {
  const Entry* entry = Scalar(name);
  if (entry == nullptr) return;
  const std::string& text = entry->value.Scalar();
  int64_t number = 0;
  std::string_view unit;
  const int64_t factor = SplitNumber(text, &number, &unit) ? MillisOfUnit(unit) : 0;
  if (factor == 0 || number > max / factor || number * factor < min) {
    return Fail(entry->position, ExpectedDuration(PathOf(name), text), text.size());
  }
  *out = number * factor;
}

int ObjectReader::ChoiceIndex(std::string_view name, const std::vector<std::string>& choices) {
  const Entry* entry = Scalar(name);
  if (entry == nullptr) return -1;
  const std::string& text = entry->value.Scalar();
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) return static_cast<int>(found - choices.begin());
  Fail(entry->position, ExpectedOneOf(PathOf(name), text, choices), text.size());
  return -1;
}

absl::Status ObjectReader::Finish() {
  if (!status_.ok()) return status_;
  for (const Entry& entry : entries_) {
    if (std::find(known_.begin(), known_.end(), entry.name) != known_.end()) continue;
    return file_.Error(entry.name_position, UnknownField(path_, entry.name, known_),
                       entry.name.size());
  }
  return missing_;
}

}  // namespace ks::pipeline
