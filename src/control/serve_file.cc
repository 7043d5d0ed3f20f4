#include "control/serve_file.h"

#include <yaml-cpp/yaml.h>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "control/errors.h"
#include "identity/url.h"
#include "pipeline/errors.h"
#include "pipeline/yaml_reader.h"

namespace ks::control {
namespace {

using pipeline::FilePosition;
using pipeline::ObjectReader;
using pipeline::SourceText;
using Entry = ObjectReader::Entry;

absl::Status ReadListen(const SourceText& file, const Entry& entry,
                        identity::HttpServerOptions* listen) {
  if (entry.value.IsScalar()) {
    listen->address = entry.value.Scalar();
    return absl::OkStatus();
  }
  ObjectReader reader(file, entry.value, "listen", entry.position);
  reader.Text("address", &listen->address, ObjectReader::kRequired);
  reader.Text("certificate", &listen->tls.certificate, ObjectReader::kRequired);
  reader.Text("private_key", &listen->tls.private_key, ObjectReader::kRequired);
  return reader.Finish();
}

// An origin, as browsers send it: no path, no slash at the end.
absl::Status ReadPage(const SourceText& file, const Entry& entry, std::string* page) {
  *page = entry.value.IsScalar() ? entry.value.Scalar() : "";
  const auto url = identity::CheckCredentialUrl(*page);
  if (url.ok() && page->find('/', page->find("//") + 2) == std::string::npos)
    return absl::OkStatus();
  return file.Error(entry.position, View(NoOrigin(*page).message()));
}

absl::Status ReadIssuer(const SourceText& file, const YAML::Node& node, const std::string& path,
                        IssuerSettings* issuer) {
  const FilePosition at = pipeline::PositionOf(node.Mark());
  ObjectReader reader(file, node, path, at);
  reader.Text("issuer", &issuer->issuer, ObjectReader::kRequired);
  reader.Text("audience", &issuer->audience, ObjectReader::kRequired);
  reader.Text("groups_claim", &issuer->groups_claim);
  reader.Text("ca", &issuer->ca);
  const Entry* client = reader.Find("client");
  const Entry* cli = reader.Find("cli");
  KS_RETURN_IF_ERROR(reader.Finish());
  if (client != nullptr) {
    ObjectReader fields(file, client->value, StrCat(path, ".client"), client->position);
    fields.Text("id", &issuer->client_id, ObjectReader::kRequired);
    fields.Secret("secret", &issuer->client_secret);
    fields.Text("scope", &issuer->scope);
    KS_RETURN_IF_ERROR(fields.Finish());
  }
  if (cli != nullptr) {
    ObjectReader fields(file, cli->value, StrCat(path, ".cli"), cli->position);
    fields.Text("id", &issuer->cli_id, ObjectReader::kRequired);
    fields.Text("scope", &issuer->cli_scope);
    KS_RETURN_IF_ERROR(fields.Finish());
  }
  const absl::Status safe = identity::CheckCredentialUrl(issuer->issuer).status();
  return safe.ok() ? safe : file.Error(at, StrCat("`", path, "`: ", View(safe.message())));
}

absl::Status ReadIssuers(const SourceText& file, const Entry& entry,
                         std::vector<IssuerSettings>* issuers) {
  if (!entry.value.IsSequence() || entry.value.size() == 0)
    return file.Error(entry.position,
                      pipeline::ExpectedList("login", pipeline::DescribeNode(entry.value)));
  for (size_t i = 0; i < entry.value.size(); ++i)
    KS_RETURN_IF_ERROR(
        ReadIssuer(file, entry.value[i], StrCat("login[", i, "]"), &issuers->emplace_back()));
  return absl::OkStatus();
}

absl::Status ReadDatabases(const SourceText& file, const Entry& entry,
                           std::vector<std::string>* databases) {
  if (!entry.value.IsSequence())
    return file.Error(entry.position,
                      pipeline::ExpectedList("databases", pipeline::DescribeNode(entry.value)));
  for (const YAML::Node& node : entry.value) {
    if (!node.IsScalar())
      return file.Error(pipeline::PositionOf(node.Mark()),
                        pipeline::ExpectedText("databases", pipeline::DescribeNode(node)));
    databases->push_back(node.Scalar());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServeFile> ParseServeFile(std::string file_name, std::string text) {
  const SourceText file(std::move(file_name), std::move(text));
  KS_ASSIGN_OR_RETURN(const YAML::Node root, pipeline::LoadYaml(file));
  ServeFile serve;
  ObjectReader reader(file, root, "", {1, 1});
  reader.Text("database", &serve.database, ObjectReader::kRequired);
  reader.Text("policy", &serve.policy, ObjectReader::kRequired);
  const Entry* page = reader.Find("page");
  const Entry* listen = reader.Find("listen", ObjectReader::kRequired);
  const Entry* audit = reader.Find("audit", ObjectReader::kRequired);
  const Entry* login = reader.Find("login", ObjectReader::kRequired);
  const Entry* kafka = reader.Find("kafka", ObjectReader::kRequired);
  const Entry* databases = reader.Find("databases", ObjectReader::kRequired);
  KS_RETURN_IF_ERROR(reader.Finish());
  if (page != nullptr) KS_RETURN_IF_ERROR(ReadPage(file, *page, &serve.page));
  KS_RETURN_IF_ERROR(ReadListen(file, *listen, &serve.listen));
  KS_RETURN_IF_ERROR(ReadIssuers(file, *login, &serve.issuers));
  KS_RETURN_IF_ERROR(ReadDatabases(file, *databases, &serve.connections.databases));
  KS_ASSIGN_OR_RETURN(serve.audit, pipeline::ReadAudit(file, *audit));
  // Put under each pipeline's text as it stands here.
  serve.connections.kafka = YAML::Dump(kafka->value);
  return serve;
}

}  // namespace ks::control
