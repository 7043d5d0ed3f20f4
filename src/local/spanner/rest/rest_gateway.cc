#include "local/spanner/rest/rest_gateway.h"

#include <google/protobuf/util/json_util.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/host_port.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "google/rpc/status.pb.h"
#include "local/spanner/limits.h"
#include "local/spanner/rest/http_rules.h"

namespace ks::local {

namespace pb = google::protobuf;
using Json = nlohmann::json;

namespace {

// Google's names for a status code, and HTTP's numbers for it (google/rpc/code.proto).
struct CodeNames {
  int http;
  const char* name;
};
constexpr CodeNames kCodes[] = {{200, "OK"},
                                {499, "CANCELLED"},
                                {500, "UNKNOWN"},
                                {400, "INVALID_ARGUMENT"},
                                {504, "DEADLINE_EXCEEDED"},
                                {404, "NOT_FOUND"},
                                {409, "ALREADY_EXISTS"},
                                {403, "PERMISSION_DENIED"},
                                {429, "RESOURCE_EXHAUSTED"},
                                {400, "FAILED_PRECONDITION"},
                                {409, "ABORTED"},
                                {400, "OUT_OF_RANGE"},
                                {501, "UNIMPLEMENTED"},
                                {500, "INTERNAL"},
                                {503, "UNAVAILABLE"},
                                {500, "DATA_LOSS"},
                                {401, "UNAUTHENTICATED"}};
constexpr int kCallHours = 1;  // the longest that Spanner lets a call be

// Parameters of every Google API that say how to answer, not what.
const std::set<std::string, std::less<>> kSystemParameters = {
    "$.xgafv", "$alt",        "access_token", "alt",       "callback",   "fields",
    "key",     "oauth_token", "prettyPrint",  "quotaUser", "uploadType", "upload_protocol"};

const pb::FieldDescriptor* FindField(const pb::Descriptor& message, const std::string& name) {
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    if (field.name() == name || field.json_name() == name) return &field;
  }
  return nullptr;
}

// Sets `path` (a.b.c) of the request to a value that was text in the URL.
absl::Status SetText(const pb::Descriptor& message, std::string_view path, const std::string& text,
                     Json* request) {
  const size_t dot = path.find('.');
  const std::string name(path.substr(0, dot));
  const pb::FieldDescriptor* field = FindField(message, name);
  if (field == nullptr) {
    return absl::InvalidArgumentError(
        StrCat("Unknown name \"", name, "\": ", message.full_name(), " has no such field."));
  }
  const bool inner = dot != std::string_view::npos && field->message_type() != nullptr;
  if (inner && field->message_type()->full_name() != "google.protobuf.FieldMask") {
    Json& member = (*request)[field->json_name()];
    return SetText(*field->message_type(), path.substr(dot + 1), text, &member);
  }
  Json value = text;
  if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL) value = text == "true";
  if (field->is_repeated()) {
    (*request)[field->json_name()].push_back(std::move(value));
  } else {
    (*request)[field->json_name()] = std::move(value);
  }
  return absl::OkStatus();
}

// Of the URL alone: httplib's own parameters have a body's, too, where its type says that it is a
// form, as curl does of JSON unless told otherwise.
httplib::Params QueryOf(const httplib::Request& http) {
  httplib::Params query;
  const size_t mark = http.target.find('?');
  if (mark != std::string::npos)
    httplib::detail::parse_query_text(http.target.substr(mark + 1), query);
  return query;
}

// The request message that an HTTP request stands for.
absl::Status ReadRequest(const httplib::Request& http, const HttpRules::Match& match,
                         pb::Message* message) {
  Json request = Json::object();
  if (!match.body.empty() && !http.body.empty()) {
    Json body = Json::parse(http.body, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object()) return absl::InvalidArgumentError("The body is no JSON object.");
    if (match.body == "*") {
      request = std::move(body);
    } else {
      request[FindField(*message->GetDescriptor(), match.body)->json_name()] = std::move(body);
    }
  }
  for (const auto& [name, value] : QueryOf(http)) {
    if (kSystemParameters.contains(name)) continue;
    KS_RETURN_IF_ERROR(SetText(*message->GetDescriptor(), name, value, &request));
  }
  for (const auto& [name, value] : match.path) {
    KS_RETURN_IF_ERROR(SetText(*message->GetDescriptor(), name, value, &request));
  }
  const auto read = pb::util::JsonStringToMessage(request.dump(), message);
  if (read.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(std::string(read.message()));
}

// `enum_numbers`: as `$alt=json;enum-encoding=int` asks for it.
std::optional<std::string> ToJson(const pb::Message& message, bool enum_numbers = false) {
  pb::util::JsonPrintOptions options;
  options.always_print_enums_as_ints = enum_numbers;
  std::string text;
  if (!pb::util::MessageToJsonString(message, &text, options).ok()) return std::nullopt;
  return text;
}

void AnswerError(const grpc::Status& status, httplib::Response* answer) {
  const auto code = static_cast<size_t>(status.error_code());
  const CodeNames& names = code < std::size(kCodes) ? kCodes[code] : kCodes[2];
  Json error = {{"code", names.http}, {"message", status.error_message()}, {"status", names.name}};
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      if (const auto text = ToJson(detail)) error["details"].push_back(Json::parse(*text));
    }
  }
  answer->status = names.http;
  answer->set_content(
      Json{{"error", error}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n",
      "application/json; charset=UTF-8");
}

// One call, from its request to its end.
class Call {
 public:
  Call(grpc::GenericStub& stub, const pb::MethodDescriptor& method) {
    context_.set_deadline(gpr_time_from_hours(kCallHours, GPR_TIMESPAN));
    path_ = StrCat("/", method.service()->full_name(), "/", method.name());
    stub_ = &stub;
  }
  void AddMetadata(const std::string& name, const std::string& value) {
    context_.AddMetadata(name, value);
  }

  // Gives each message of the answer to `take`.
  template <typename Take>
  grpc::Status Run(const pb::Message& request, const Take& take) {
    auto stream = stub_->PrepareCall(&context_, path_, &queue_);
    stream->StartCall(this);
    bool ok = Wait();
    if (ok) {
      const grpc::Slice slice(request.SerializeAsString());
      stream->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), this);
      ok = Wait();
    }
    while (ok) {
      grpc::ByteBuffer bytes;
      stream->Read(&bytes, this);
      ok = Wait();
      grpc::Slice slice;
      if (ok && bytes.DumpToSingleSlice(&slice).ok())
        take(std::string_view(reinterpret_cast<const char*>(slice.begin()), slice.size()));
    }
    grpc::Status status;
    stream->Finish(&status, this);
    Wait();
    return status;
  }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub* stub_;
  std::string path_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
};

}  // namespace

struct RestGateway::Parts {
  HttpRules rules;
  std::unique_ptr<grpc::GenericStub> stub;
  httplib::Server server;
  std::thread thread;

  void Serve(const httplib::Request& request, httplib::Response& answer);
};

void RestGateway::Parts::Serve(const httplib::Request& request, httplib::Response& answer) {
  const HttpRules::Match match = rules.Find(request.method, request.path);
  if (match.method == nullptr) {
    return AnswerError({grpc::StatusCode::NOT_FOUND,
                        StrCat("Spanner's REST API has no ", request.method, " ", request.path)},
                       &answer);
  }
  const auto make = [](const pb::Descriptor* type) {
    return std::unique_ptr<pb::Message>(
        pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
  };
  const std::unique_ptr<pb::Message> message = make(match.method->input_type());
  if (const absl::Status read = ReadRequest(request, match, message.get()); !read.ok()) {
    return AnswerError({grpc::StatusCode::INVALID_ARGUMENT, std::string(read.message())}, &answer);
  }
  Call call(*stub, *match.method);
  if (request.has_header("Authorization"))
    call.AddMetadata("authorization", request.get_header_value("Authorization"));
  const bool enum_numbers =
      request.get_param_value("$alt").find("enum-encoding=int") != std::string::npos;
  std::vector<std::string> messages;
  const grpc::Status status = call.Run(*message, [&](std::string_view bytes) {
    const std::unique_ptr<pb::Message> part = make(match.method->output_type());
    part->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    if (auto text = ToJson(*part, enum_numbers)) messages.push_back(*std::move(text));
  });
  if (!status.ok()) return AnswerError(status, &answer);
  std::string body = match.method->server_streaming() ? "[" : "";
  for (const std::string& text : messages) {
    StrAppend(&body, body.size() > 1 ? ",\n" : "", text);
  }
  answer.set_content(body + (match.method->server_streaming() ? "]" : "\n"),
                     "application/json; charset=UTF-8");
}

RestGateway::RestGateway() : parts_(std::make_unique<Parts>()) {}

RestGateway::~RestGateway() {
  parts_->server.stop();
  if (parts_->thread.joinable()) parts_->thread.join();
}

absl::StatusOr<std::unique_ptr<RestGateway>> RestGateway::Start(
    const std::string& listen, const std::string& spanner_address) {
  const auto place = ParseHostPort(listen);
  if (!place.has_value()) {
    return absl::InvalidArgumentError(StrCat("`", listen, "` is not HOST:PORT"));
  }
  std::unique_ptr<RestGateway> gateway(new RestGateway());
  Parts& parts = *gateway->parts_;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(limits::kMessageBytes));
  parts.stub = std::make_unique<grpc::GenericStub>(
      grpc::CreateCustomChannel(spanner_address, grpc::InsecureChannelCredentials(), arguments));
  parts.server.set_payload_max_length(static_cast<size_t>(limits::kMessageBytes));
  const auto handler = [&parts](const httplib::Request& request, httplib::Response& answer) {
    parts.Serve(request, answer);
  };
  parts.server.Get(".*", handler);
  parts.server.Post(".*", handler);
  parts.server.Patch(".*", handler);
  parts.server.Put(".*", handler);
  parts.server.Delete(".*", handler);
  int port = place->port;
  const bool bound = port == 0 ? (port = parts.server.bind_to_any_port(place->host)) > 0
                               : parts.server.bind_to_port(place->host, port);
  if (!bound) {
    return absl::UnavailableError(
        StrCat("cannot listen on ", listen, " for the REST API: is it taken? --rest HOST:PORT"));
  }
  gateway->address_ = StrCat(place->host, ":", port);
  parts.thread = std::thread([&parts] { parts.server.listen_after_bind(); });
  return gateway;
}

}  // namespace ks::local
