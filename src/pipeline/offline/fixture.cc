#include "pipeline/offline/fixture.h"

#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "pipeline/errors.h"
#include "pipeline/lane_hash.h"
#include "pipeline/offline/table_store.h"
#include "pipeline/offline/target_from_ddl.h"
#include "pipeline/plan.h"
#include "pipeline/record_writer.h"
#include "pipeline/spec.h"
#include "pipeline/spec_schemas.h"

namespace ks::pipeline {
namespace {

using nlohmann::json;

// Bytes of a key or a value as input.jsonl writes them; nothing for null.
absl::StatusOr<std::unique_ptr<std::string>> BytesOf(const json& value) {
  if (value.is_null()) return nullptr;
  if (!value.is_object() || value.size() != 1 || !value.contains("$hex"))
    return std::make_unique<std::string>(value.is_string() ? value.get<std::string>()
                                                           : value.dump());
  const std::string hex = value["$hex"].get<std::string>();
  if (hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
    return absl::InvalidArgumentError("`$hex` is no text of hexadecimal digits");
  return std::make_unique<std::string>(absl::HexStringToBytes(hex));
}

class FixtureHeaders : public HeaderSource {
 public:
  explicit FixtureHeaders(const json& headers) : headers_(headers) {}
  void Read(uint32_t /*record*/, std::vector<RecordHeader>* out) const override {
    for (const auto& [name, value] : headers_.items()) {
      out->push_back({name, value.is_null()
                                ? std::string_view()
                                : std::string_view(value.get_ref<const std::string&>())});
    }
  }

 private:
  const json& headers_;
};

// One partition of one topic: its records go through a RecordWriter into lanes, as they would in a
// worker.
class Lanes {
 public:
  Lanes(const Plan& plan, size_t source, const std::string& topic, int32_t partition)
      : spec_(*plan.spec), topic_(topic), partition_(partition) {
    auto writer = RecordWriter::Create(plan, source, topic, partition);
    KS_CHECK(writer.ok());
    writer_ = *std::move(writer);
    writer_->set_keep_all(true);  // CommitOne cannot read again
    const int count = spec_.sources[source].lanes;
    for (int lane = 0; lane < count; ++lane) lanes_.push_back(writer_->factory()(lane, count));
  }

  // The pipeline's end, when it has to stop here.
  absl::StatusOr<std::string> Add(const json& line, int64_t offset) {
    KS_ASSIGN_OR_RETURN(const auto key, BytesOf(line.value("key", json())));
    KS_ASSIGN_OR_RETURN(const auto value, BytesOf(line.value("value", json())));
    const int64_t timestamp = line.value("timestamp", int64_t{1700000000000} + offset);
    const std::string_view key_view = key ? std::string_view(*key) : std::string_view();
    const std::string_view value_view = value ? std::string_view(*value) : std::string_view();
    const json headers = line.value("headers", json::object());
    const FixtureHeaders source(headers);
    const Records records{.topic = topic_,
                          .partition = partition_,
                          .offsets = {&offset, 1},
                          .timestamps_ms = {&timestamp, 1},
                          .keys = {&key_view, 1},
                          .values = {&value_view, 1},
                          .headers = headers.empty() ? nullptr : &source};
    const uint64_t hash = key ? LaneHash(*key) : LaneHashOfOffset(offset);
    const auto lane = static_cast<uint16_t>(LaneOf(hash, static_cast<uint32_t>(lanes_.size())));
    const auto refused = writer_->Write(records, {&lane, 1});
    return refused ? std::string(View(refused->status.message())) : std::string();
  }

  absl::Status CommitAll(TableStore* store) {
    for (const auto& lane : lanes_) {
      while (lane->open().records > 0) KS_RETURN_IF_ERROR(CommitOne(*lane, store));
    }
    return absl::OkStatus();
  }

  const RecordWriterStats& stats() const { return writer_->stats(); }
  int64_t mutations() const { return mutations_; }

 private:
  absl::Status CommitOne(LaneData& lane, TableStore* store) {
    const BatchLimits limits{spec_.batch.records, spec_.batch.bytes, spec_.batch.mutations};
    const ClosedBatch batch = lane.Close(limits);
    mutations_ += batch.size.mutations;
    const auto reads = lane.MissingReads();
    std::vector<RowsPtr> rows;
    for (const ReadSpec& read : reads) {
      KS_ASSIGN_OR_RETURN(RowsPtr answer, store->Read(read));
      rows.push_back(std::move(answer));
    }
    if (!reads.empty()) KS_RETURN_IF_ERROR(lane.OnRead(rows));
    std::string wire;
    lane.AppendMutations(&wire);
    std::string again;
    lane.AppendMutations(&again);
    KS_CHECK(wire == again);
    absl::Status status = store->Commit(wire);
    if (!status.ok() && batch.size.records == 1) {
      lane.OnDataError(status);
      wire.clear();
      lane.AppendMutations(&wire);
      status = store->Commit(wire);
    }
    KS_RETURN_IF_ERROR(status);
    lane.OnCommitted();
    return absl::OkStatus();
  }

  const PipelineSpec& spec_;
  const std::string topic_;
  const int32_t partition_;
  std::unique_ptr<RecordWriter> writer_;
  std::vector<std::unique_ptr<LaneData>> lanes_;
  int64_t mutations_ = 0;
};

// Schemas of the fixture: files in its folder, and registry.json as every registry.
class FixtureDoor : public SchemaDoor,
                    public formats::SchemaStore,
                    public std::enable_shared_from_this<FixtureDoor> {
 public:
  // `files`: the folder of the pipeline file.
  FixtureDoor(const std::string& folder, std::string files) : files_(std::move(files)) {
    const std::string text = pipeline::ReadFile(folder + "/registry.json");
    if (!text.empty()) registry_ = json::parse(text, nullptr, /*allow_exceptions=*/false);
  }

  absl::StatusOr<std::string> ReadFile(const std::string& path) override {
    std::string text = pipeline::ReadFile(files_ + "/" + path);
    if (text.empty()) return NoReadableFile(path);
    return text;
  }

  absl::StatusOr<std::shared_ptr<formats::SchemaStore>> OpenRegistry(
      const formats::RegistrySettings& /*settings*/) override {
    return shared_from_this();
  }

  absl::StatusOr<formats::RegisteredSchemaPtr> ById(int32_t id) override {
    if (registry_.value("down", -1) == id) return absl::UnavailableError("the registry is down");
    return Schema(registry_["ids"], StrCat(id));
  }
  absl::StatusOr<formats::RegisteredSchemaPtr> Latest(std::string_view subject) override {
    return Schema(registry_["subjects"], std::string(subject));
  }

 private:
  static absl::StatusOr<formats::RegisteredSchemaPtr> Schema(const json& schemas,
                                                             const std::string& name) {
    if (!schemas.contains(name)) return absl::NotFoundError(StrCat("no schema ", name));
    auto schema = std::make_shared<formats::RegisteredSchema>();
    const json& text = schemas[name];
    schema->text = text.is_string() ? text.get<std::string>() : text.dump();
    if (!text.is_object() || !text.contains("schemaType")) return schema;
    schema->type = text["schemaType"].get<std::string>();
    schema->text = text["schema"].get<std::string>();
    const json references = text.value("references", json::object());
    for (const auto& [file, content] : references.items())
      schema->references.emplace_back(file, content.get<std::string>());
    return schema;
  }

  const std::string files_;
  json registry_ = json::object();
};

class Runner {
 public:
  explicit Runner(const Plan& plan) : plan_(plan), store_(plan) {}

  absl::Status Line(const json& line) {
    if (!line.is_object()) return absl::InvalidArgumentError("expected a JSON object");
    if (line.contains("commit")) {
      Commit();
      return absl::OkStatus();
    }
    if (!stopped_.empty()) return absl::OkStatus();
    size_t source = 0;
    const std::string name = line.value("source", plan_.spec->sources[0].name);
    while (source + 1 < plan_.sources.size() && plan_.spec->sources[source].name != name) ++source;
    const std::string topic = line.value("topic", plan_.spec->sources[source].topics[0]);
    const int32_t partition = line.value("partition", 0);
    auto& lanes = lanes_[{topic, partition}];
    if (lanes == nullptr) lanes = std::make_unique<Lanes>(plan_, source, topic, partition);
    int64_t& next = next_offset_[{topic, partition}];
    next = line.value("offset", next);
    KS_ASSIGN_OR_RETURN(stopped_, lanes->Add(line, next++));
    return absl::OkStatus();
  }

  void Commit() {
    for (auto& [name, lanes] : lanes_) {
      const absl::Status status = lanes->CommitAll(&store_);
      if (!status.ok())
        StrAppend(&failures_, "commit of ", name.first, "/", name.second, ": ",
                  View(status.message()), "\n");
    }
  }

  std::string Report() const {
    std::string text;
    for (const PlanWarning& warning : plan_.warnings)
      StrAppend(&text, "warning ", warning.table, ": ", warning.text, "\n");
    for (const auto& [name, table] : store_.tables()) {
      if (table.empty()) continue;
      StrAppend(&text, name, "\n");
      for (const auto& [key, row] : table) StrAppend(&text, "  ", RowText(row), "\n");
    }
    RecordWriterStats sum;
    int64_t mutations = 0;
    for (const auto& [name, lanes] : lanes_) {
      sum.records += lanes->stats().records;
      sum.dead_letters += lanes->stats().dead_letters;
      sum.skipped += lanes->stats().skipped;
      sum.filtered += lanes->stats().filtered;
      mutations += lanes->mutations();
    }
    StrAppend(&text, "records ", sum.records, ", filtered ", sum.filtered, ", skipped ",
              sum.skipped, ", dead letters ", sum.dead_letters, ", commits ", store_.commits(),
              ", rows written ", store_.writes(), ", mutations ", mutations, "\n", failures_);
    if (!stopped_.empty()) StrAppend(&text, "stopped: ", stopped_, "\n");
    return text;
  }

 private:
  static std::string RowText(const TableStore::Row& row) {
    std::string text;
    for (const auto& [column, value] : row) {
      if (value != "null") StrAppend(&text, text.empty() ? "" : "  ", column, "=", value);
    }
    return text;
  }

  const Plan& plan_;
  TableStore store_;
  std::map<std::pair<std::string, int32_t>, std::unique_ptr<Lanes>> lanes_;
  std::map<std::pair<std::string, int32_t>, int64_t> next_offset_;
  std::string stopped_;
  std::string failures_;
};

}  // namespace

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

absl::Status ResolveFixtureSchemas(const std::string& folder, PipelineSpec* spec) {
  return ResolveSchemas(*std::make_shared<FixtureDoor>(folder, folder), spec);
}

absl::StatusOr<FixtureAnswer> RunFixture(const std::string& folder,
                                         const std::string& pipeline_file) {
  const bool own = pipeline_file.empty();
  const auto failed = [](const absl::Status& status) {
    return FixtureAnswer{true, StrCat(View(status.message()), "\n")};
  };
  auto spec = ParsePipeline(own ? "pipeline.yaml" : pipeline_file,
                            ReadFile(own ? folder + "/pipeline.yaml" : pipeline_file));
  if (!spec.ok()) return failed(spec.status());
  const size_t slash = pipeline_file.rfind('/');
  const std::string beside = slash == std::string::npos ? "." : pipeline_file.substr(0, slash);
  const std::string& files = own ? folder : beside;
  const auto door = std::make_shared<FixtureDoor>(folder, files);
  if (const auto status = ResolveSchemas(*door, &*spec); !status.ok()) return failed(status);
  const std::string ddl = ReadFile(folder + "/target.sql");
  const auto target = TargetFromDdl(ddl);
  if (!target.ok())
    return absl::InvalidArgumentError(StrCat("target.sql: ", View(target.status().message())));
  const auto plan = MakePlan(*spec, ddl.empty() ? nullptr : &*target);
  if (!plan.ok()) return failed(plan.status());
  Runner runner(*plan);
  std::istringstream lines(ReadFile(folder + "/input.jsonl"));
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    absl::Status read;
    try {  // nlohmann knows no other way to say that a member is of another type
      read = runner.Line(json::parse(line));
    } catch (const json::exception& error) {
      read = absl::InvalidArgumentError(error.what());
    }
    if (!read.ok()) return WrongFixtureLine(number, View(read.message()));
  }
  runner.Commit();
  return FixtureAnswer{false, runner.Report()};
}

}  // namespace ks::pipeline
