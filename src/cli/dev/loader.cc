#include "cli/dev/loader.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/dev/csv.h"
#include "env/clock.h"
#include "kafka/limits.h"

namespace ks::cli {
namespace {

constexpr int64_t kWaitingBytesMax = kafka::kEmbeddedPartitionBytesMax / 2;

// "${carrier}${flight}": pieces of text and indexes of columns.
class KeyTemplate {
 public:
  static absl::StatusOr<KeyTemplate> Parse(const LoadSpec& load,
                                           const std::vector<std::string>& columns) {
    KeyTemplate result;
    const std::string& text = load.key;
    for (size_t i = 0; i < text.size();) {
      const size_t end = text.find('}', i);
      if (text.compare(i, 2, "${") != 0 || end == std::string::npos) {
        result.parts_.push_back({std::string(1, text[i++]), -1});
        continue;
      }
      const std::string name = text.substr(i + 2, end - i - 2);
      const auto found = std::find(columns.begin(), columns.end(), name);
      if (found == columns.end()) {
        return absl::InvalidArgumentError(StrCat("dev.yaml: the key of topic ", load.topic,
                                                 " names `", name, "`, which ", load.file,
                                                 " does not have"));
      }
      result.parts_.push_back({"", static_cast<int>(found - columns.begin())});
      i = end + 1;
    }
    return result;
  }
  std::string Make(const std::vector<std::string>& fields) const {
    std::string key;
    for (const auto& [text, column] : parts_)
      key += column < 0 ? text : fields[static_cast<size_t>(column)];
    return key;
  }

 private:
  std::vector<std::pair<std::string, int>> parts_;
};

bool IsText(sql::TypeRef type) {
  return type == nullptr || !(type->is_numeric() || type->Is(sql::TypeKind::kBool));
}

// The names' JSON and which of them are written without quotes, by the types that the pipeline
// gives them.
struct JsonColumns {
  std::vector<std::string> names;  // `"carrier":`
  std::vector<bool> bare;
};

JsonColumns ColumnsOf(const pipeline::PipelineSpec& spec, const std::string& topic,
                      const std::vector<std::string>& header) {
  JsonColumns columns;
  for (const std::string& name : header) {
    columns.names.push_back(nlohmann::json(name).dump() + ":");
    bool bare = false;
    for (const auto& source : spec.sources) {
      if (std::find(source.topics.begin(), source.topics.end(), topic) == source.topics.end())
        continue;
      for (const auto& field : source.value.columns) {
        if (field.name == name) bare = !IsText(field.type);
      }
    }
    columns.bare.push_back(bare);
  }
  return columns;
}

}  // namespace

Loader::Loader(const DevFile& file, const pipeline::PipelineSpec& spec, kafka::Producer& producer)
    : file_(file), spec_(spec), producer_(producer) {
  std::error_code ignored;
  for (const LoadSpec& load : file_.loads) {
    bytes_total_ += static_cast<int64_t>(
        std::max<uintmax_t>(1, std::filesystem::file_size(load.file, ignored)));
  }
}

absl::Status Loader::Run() {
  for (const LoadSpec& load : file_.loads) {
    KS_RETURN_IF_ERROR(load.csv ? LoadCsv(load) : LoadJsonLines(load));
  }
  KS_RETURN_IF_ERROR(producer_.Flush());
  finished_ = true;
  return absl::OkStatus();
}

absl::Status Loader::LoadCsv(const LoadSpec& load) {
  CsvReader reader(load.file);
  std::vector<std::string> header;
  if (!reader.Next(&header)) {
    return absl::NotFoundError(
        StrCat("cannot read ", load.file, ". `make quickstart` fetches the examples' data."));
  }
  KS_ASSIGN_OR_RETURN(const KeyTemplate key, KeyTemplate::Parse(load, header));
  const JsonColumns columns = ColumnsOf(spec_, load.topic, header);
  std::vector<std::string> fields;
  std::string value;
  while (!cancelled_ && reader.Next(&fields)) {
    if (fields.size() != header.size())
      return absl::DataLossError(StrCat("a line of ", load.file, " has another number of fields"));
    value = "{";
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) value += ",";
      value += columns.names[i];
      const bool null = !load.null_text.empty() && fields[i] == load.null_text;
      value += null ? "null" : columns.bare[i] ? fields[i] : nlohmann::json(fields[i]).dump();
      bytes_read_ += static_cast<int64_t>(fields[i].size()) + 1;
    }
    value += "}";
    KS_RETURN_IF_ERROR(Send(load, key.Make(fields), value));
  }
  return absl::OkStatus();
}

absl::Status Loader::LoadJsonLines(const LoadSpec& load) {
  std::ifstream in(load.file);
  if (!in) return absl::NotFoundError(StrCat("cannot read ", load.file));
  std::string line;
  while (!cancelled_ && std::getline(in, line)) {
    bytes_read_ += static_cast<int64_t>(line.size()) + 1;
    const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object())
      return absl::InvalidArgumentError(
          StrCat("a line of ", load.file, " is no JSON object: ", line));
    std::vector<std::string> names;
    std::vector<std::string> fields;
    for (const auto& [name, value] : object.items()) {
      names.push_back(name);
      fields.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
    KS_ASSIGN_OR_RETURN(const KeyTemplate key, KeyTemplate::Parse(load, names));
    KS_RETURN_IF_ERROR(Send(load, key.Make(fields), line));
  }
  return absl::OkStatus();
}

absl::Status Loader::Send(const LoadSpec& load, const std::string& key, const std::string& value) {
  const int32_t number = kafka::Producer::PartitionOf(key, load.partitions);
  const kafka::TopicPartition partition{load.topic, PartitionId(number)};
  {
    absl::MutexLock lock(&mu_);
    Progress& progress = progress_[partition];
    while (progress.bytes_waiting > kWaitingBytesMax && !cancelled_) {
      mu_.Unlock();
      env::SleepFor(2 * env::kNanosPerMilli);
      mu_.Lock();
    }
    const int64_t bytes =
        static_cast<int64_t>(key.size() + value.size()) + 70;  // and the record's own overhead
    progress.waiting.emplace_back(progress.produced++, bytes);
    progress.bytes_waiting += bytes;
  }
  KS_RETURN_IF_ERROR(
      producer_.Send({.topic = load.topic, .partition = number, .key = key, .value = value}));
  ++records_loaded_;
  return absl::OkStatus();
}

void Loader::OnCommitted(const kafka::TopicPartition& partition, int64_t offset) {
  absl::MutexLock lock(&mu_);
  Progress& progress = progress_[partition];
  progress.committed = std::max(progress.committed, offset);
  while (!progress.waiting.empty() && progress.waiting.front().first < offset) {
    progress.bytes_waiting -= progress.waiting.front().second;
    progress.waiting.pop_front();
  }
}

bool Loader::done() const {
  if (!finished_) return false;
  absl::MutexLock lock(&mu_);
  return std::all_of(progress_.begin(), progress_.end(), [](const auto& entry) {
    return entry.second.committed >= entry.second.produced;
  });
}

int64_t Loader::records_committed() const {
  absl::MutexLock lock(&mu_);
  int64_t committed = 0;
  for (const auto& [partition, progress] : progress_)
    committed += std::min(progress.committed, progress.produced);
  return committed;
}

double Loader::share_loaded() const {
  if (finished_ || bytes_total_ == 0) return 1;
  return std::min(1.0, static_cast<double>(bytes_read_) / static_cast<double>(bytes_total_));
}

}  // namespace ks::cli
