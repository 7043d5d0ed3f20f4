// HttpRules: which HTTP request is which RPC, as the `google.api.http` annotations of Spanner's
// protos say. Thread safety: immutable. Source:
// https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "google/api/http.pb.h"
#include "google/protobuf/descriptor.h"

namespace re2 {
class RE2;
}

namespace ks::local {

class HttpRules {
 public:
  // All RPCs of Spanner, its administration and its operations.
  HttpRules();
  ~HttpRules();

  struct Match {
    const google::protobuf::MethodDescriptor* method = nullptr;
    std::string body;                         // a field; "*": the whole request; empty: none
    std::map<std::string, std::string> path;  // fields of the request by (dotted) name
  };
  // `verb`: GET, POST, PATCH, PUT, DELETE; `path` is decoded. A null method: there is no such RPC.
  Match Find(std::string_view verb, std::string_view path) const;

 private:
  struct Rule;
  void Add(const google::protobuf::MethodDescriptor& method, const google::api::HttpRule& rule);

  std::vector<Rule> rules_;
};

}  // namespace ks::local
