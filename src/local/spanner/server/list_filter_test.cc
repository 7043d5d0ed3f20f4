#include "local/spanner/server/list_filter.h"

#include "gtest/gtest.h"

namespace ks::local {
namespace {

const ListFilter::Fields kBackup = {{"name", "projects/p/instances/i/backups/Howl-1"},
                                    {"state", "READY"},
                                    {"create_time", "2018-03-28T14:50:00Z"},
                                    {"size_bytes", "900"},
                                    {"labels.env", "dev"}};

bool Matches(const char* text) {
  const absl::StatusOr<ListFilter> filter = ListFilter::Parse(text);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() && filter->Matches(kBackup);
}

TEST(ListFilter, Matches) {
  for (const char* text :
       {"", "name:howl", "state:ready AND labels.env:*", "labels.env = DEV", "size_bytes < 1000",
        "size_bytes>=900", "(name:howl) AND (create_time < \"2018-03-28T14:50:00.5Z\")",
        "create_time>=2018-03-28T14:50:00Z", "state:creating OR name:howl", "NOT state:creating",
        "NOT (state:creating OR name:other) name:howl", "state != \"CREATING\"",
        "((state=READY))"}) {
    EXPECT_TRUE(Matches(text)) << text;
  }
  for (const char* text : {"name:other", "state:ready AND labels.region:*", "size_bytes > 1000",
                           "size_bytes != 900", "create_time < \"2018-03-28T16:50:00+02:00\"",
                           "NOT name:howl", "state:creating OR name:other AND name:howl"}) {
    EXPECT_FALSE(Matches(text)) << text;
  }
}

TEST(ListFilter, Refuses) {
  for (const char* text :
       {"name", ":x", "(name:x", "name:x)", "name:\"x", "NOT", "name:x AND", "OR name:x AND ("}) {
    EXPECT_FALSE(ListFilter::Parse(text).ok()) << text;
  }
  EXPECT_FALSE(ListFilter::Parse(std::string(1000, '(')).ok());
}

}  // namespace
}  // namespace ks::local
