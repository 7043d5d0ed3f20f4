#include "identity/secret_reference.h"

#include <algorithm>

#include "base/status_macros.h"
#include "identity/errors.h"

namespace ks::identity {
namespace {

struct PlaceInfo {
  std::string_view name;
  SecretPlace place;
  bool rooted;               // its path is a file's: the slash belongs to it
  bool wants_field;          // a secret there is always an object
  std::string_view options;  // with a blank around each
};

constexpr PlaceInfo kPlaces[] = {
    {"env", SecretPlace::kEnv, false, false, ""},
    {"file", SecretPlace::kFile, true, false, ""},
    {"kubernetes", SecretPlace::kKubernetes, true, false, ""},
    {"vault", SecretPlace::kVault, false, true, " version "},
    {"aws", SecretPlace::kAws, false, false, " region version stage "},
    {"google", SecretPlace::kGoogle, false, false, ""},
};

// Cuts `text` at the first `mark` and gives what stood behind it.
std::string_view TakeBehind(std::string_view* text, char mark) {
  const size_t at = text->find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view behind = text->substr(at + 1);
  *text = text->substr(0, at);
  return behind;
}

absl::Status ReadOptions(std::string_view query, const PlaceInfo& info,
                         SecretReference* reference) {
  while (!query.empty()) {
    std::string_view rest = query;
    const std::string_view next = TakeBehind(&rest, '&');
    const std::string_view value = TakeBehind(&rest, '=');
    const std::string padded = " " + std::string(rest) + " ";
    if (rest.empty() || value.empty() || info.options.find(padded) == std::string_view::npos) {
      return UnknownSecretOption(reference->text, rest, info.name, info.options);
    }
    reference->options[std::string(rest)] = std::string(value);
    query = next;
  }
  return absl::OkStatus();
}

bool IsVariableName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
}

}  // namespace

std::string SecretReference::Option(const std::string& name) const {
  const auto it = options.find(name);
  return it == options.end() ? "" : it->second;
}

SecretReference FileReference(const std::string& path) {
  if (path.empty()) return {};
  return {.place = SecretPlace::kFile, .path = path, .text = path};
}

absl::StatusOr<SecretReference> ParseSecretReference(std::string_view text) {
  if (!text.starts_with(kSecretScheme)) return PlainSecret();
  SecretReference reference;
  reference.text = std::string(text);
  std::string_view rest = text.substr(kSecretScheme.size());
  const std::string_view field = TakeBehind(&rest, '#');
  const std::string_view query = TakeBehind(&rest, '?');
  std::string_view place = rest;
  const std::string_view path = TakeBehind(&place, '/');
  const auto info = std::find_if(std::begin(kPlaces), std::end(kPlaces),
                                 [&](const PlaceInfo& each) { return each.name == place; });
  if (info == std::end(kPlaces)) return UnknownSecretPlace(text, place);
  reference.place = info->place;
  reference.path = (info->rooted ? "/" : "") + std::string(path);
  reference.field = std::string(field);
  KS_RETURN_IF_ERROR(ReadOptions(query, *info, &reference));
  const bool named = info->place == SecretPlace::kEnv ? IsVariableName(path) : !path.empty();
  if (!named || (info->wants_field && field.empty())) return IncompleteSecret(text, info->name);
  return reference;
}

}  // namespace ks::identity
