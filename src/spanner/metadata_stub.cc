#include "spanner/metadata_stub.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/str_cat.h"

namespace ks::spanner {
namespace {

std::string UrlEncode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (const char c : text) {
    const bool plain = absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      absl::StrAppendFormat(&out, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return out;
}

class MetadataStub : public Stub {
 public:
  explicit MetadataStub(std::unique_ptr<Stub> inner) : inner_(std::move(inner)) {}

  void Unary(Method method, CallOptions options, const grpc::ByteBuffer& request,
             UnaryDone done) override {
    AddHeaders(method, options);
    inner_->Unary(method, std::move(options), request, std::move(done));
  }
  void Stream(Method method, CallOptions options, const grpc::ByteBuffer& request,
              StreamMessage on_message, StreamDone done) override {
    AddHeaders(method, options);
    inner_->Stream(method, std::move(options), request, std::move(on_message), std::move(done));
  }

 private:
  static void AddHeaders(Method method, CallOptions& options) {
    const MethodInfo& info = InfoOf(method);
    auto& headers = options.headers;
    headers.emplace_back("x-goog-api-client", "kafka-spanner/0.1 grpc-c++");
    if (!options.resource_prefix.empty()) {
      headers.emplace_back("google-cloud-resource-prefix", options.resource_prefix);
    }
    if (!options.routing_value.empty()) {
      headers.emplace_back("x-goog-request-params",
                           StrCat(info.routing_field, "=", UrlEncode(options.routing_value)));
    }
    if (info.routes_to_leader || options.route_to_leader) {
      headers.emplace_back("x-goog-spanner-route-to-leader", "true");
    }
  }

  const std::unique_ptr<Stub> inner_;
};

}  // namespace

std::unique_ptr<Stub> WithMetadata(std::unique_ptr<Stub> inner) {
  return std::make_unique<MetadataStub>(std::move(inner));
}

}  // namespace ks::spanner
