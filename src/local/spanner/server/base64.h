// Base64, as BYTES values travel in google.protobuf.Value (RFC 4648 section 4; the URL alphabet is
// read too).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ks::local {

inline size_t Base64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }
void AppendBase64(std::string_view bytes, std::string* out);
// Room for the decoded bytes of `text`.
inline size_t DecodedRoom(std::string_view text) { return text.size() / 4 * 3 + 3; }
// Writes the bytes to `out` and their number to `size`; false when `text` is not base64.
bool DecodeBase64(std::string_view text, char* out, size_t* size);

}  // namespace ks::local
