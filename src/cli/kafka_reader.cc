#include "cli/kafka_reader.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/str_cat.h"

namespace ks::cli {

absl::StatusOr<std::unique_ptr<kafka::Consumer>> KafkaReader(const pipeline::PipelineSpec& spec,
                                                             const pipeline::SourceSpec& source,
                                                             std::string_view purpose,
                                                             identity::Services& identity) {
  kafka::ConsumerOptions options;
  options.brokers = source.brokers;
  options.group = StrCat(spec.name, ".", purpose);
  options.properties.assign(source.properties.begin(), source.properties.end());
  options.login = {source.security, &identity};
  return kafka::Consumer::Create(std::move(options));
}

absl::StatusOr<const pipeline::SourceSpec*> SourceOfTopic(const pipeline::PipelineSpec& spec,
                                                          std::string* topic) {
  std::vector<std::string> known;
  const pipeline::SourceSpec* found = nullptr;
  for (const auto& source : spec.sources) {
    known.insert(known.end(), source.topics.begin(), source.topics.end());
    if (topic->empty() || std::count(source.topics.begin(), source.topics.end(), *topic) > 0)
      found = &source;
  }
  if (topic->empty() && known.size() == 1) *topic = known.front();
  if (topic->empty() || found == nullptr) {
    return absl::InvalidArgumentError(
        StrCat(topic->empty() ? "say which topic with --topic" : StrCat("no topic ", *topic),
               ": pipeline ", spec.name, " reads ", absl::StrJoin(known, ", ")));
  }
  return found;
}

}  // namespace ks::cli
