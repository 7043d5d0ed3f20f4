// The first chains of a topic: made together, by the first worker that ever runs the pipeline on
// it, for all partitions that the topic has then, where `start:` says. So a partition without
// chains is one that the topic grew later, and begins at its first record whatever `start:` says:
// its records came while the pipeline was known.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "pipeline/spec.h"
#include "runtime/spanner_port.h"

struct rd_kafka_s;

namespace ks::runtime {

struct FirstChains {
  std::string pipeline;
  std::string topic;
  std::string topic_id;  // empty: not known
  int partitions = 0;
  std::string writer;
};

// Does nothing when the topic has chains. Any number of workers may try at once: one commit gets
// in. Makes one attempt; UNAVAILABLE means: try again.
absl::Status MakeFirstChains(const FirstChains& chains, const pipeline::SourceSpec& source,
                             rd_kafka_s* kafka, SpannerPort& spanner);

}  // namespace ks::runtime
