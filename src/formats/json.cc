// The JSON decoder: copies a window of messages together, indexes them at once, walks them one by
// one.
#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "formats/decoder.h"
#include "formats/errors.h"
#include "formats/json_index.h"
#include "formats/json_text.h"
#include "formats/json_walker.h"
#include "formats/limits.h"

namespace ks::formats {
namespace {

using sql::Datum;

// The first byte that does not continue valid UTF-8.
size_t FirstInvalidUtf8(std::string_view text) {
  size_t valid = 0;
  size_t end = text.size();
  while (valid < end) {  // the longest valid prefix lies in [valid, end)
    const size_t middle = valid + (end - valid + 1) / 2;
    size_t cut = middle;  // do not cut a character: its start is at most three bytes back
    while (cut > valid && cut < text.size() &&
           (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80)
      --cut;
    if (cut == valid) break;
    if (IsValidUtf8(text.substr(0, cut))) {
      valid = cut;
    } else {
      end = cut - 1;
    }
  }
  return valid;
}

size_t FirstControlCharacter(std::string_view text) {
  bool inside = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') inside = !inside;
    if (inside && text[i] == '\\') ++i;
    if (inside && i < text.size() && static_cast<unsigned char>(text[i]) < 0x20) return i;
  }
  return text.size();
}

class JsonDecoder : public Decoder {
 public:
  JsonDecoder(Schema schema, JsonNode root) : schema_(std::move(schema)), root_(std::move(root)) {}

  const Schema& schema() const override { return schema_; }

  void Decode(const Messages& messages, sql::Arena& arena, absl::Span<Datum* const> columns,
              DecodeResult* result) override {
    absl::Span<const uint32_t> rows = messages.rows;
    while (!rows.empty()) {
      size_t bytes = 0;
      size_t count = 0;
      while (count < rows.size() &&
             (count == 0 || bytes + messages.bytes[rows[count]].size() <= kJsonWindowBytes)) {
        bytes += messages.bytes[rows[count++]].size() + 1;
      }
      DecodeWindow({messages.bytes, rows.subspan(0, count), arena, columns, result}, bytes);
      rows.remove_prefix(count);
    }
  }

 private:
  struct Window {
    absl::Span<const std::string_view> messages;
    absl::Span<const uint32_t> rows;
    sql::Arena& arena;
    absl::Span<Datum* const> columns;
    DecodeResult* result;
  };

  // Messages lie one after the other with a line break between them. The index of them all is right
  // for a message as long as those before it were well formed (an open string would swallow its
  // neighbour); from the first that is not, each message is indexed alone.
  void DecodeWindow(const Window& window, size_t bytes) {
    char* const data = window.arena.Allocate(bytes + JsonIndex::kPadding);
    char* to = data;
    for (const uint32_t row : window.rows) {
      const std::string_view message = window.messages[row];
      if (!message.empty()) std::memcpy(to, message.data(), message.size());
      to += message.size();
      *to++ = '\n';
    }
    std::memset(to, ' ', JsonIndex::kPadding);
    JsonWalker walker(root_, window.arena);
    bool together = index_.Build(data, bytes) == JsonIndex::Outcome::kOk;
    const uint32_t* position = together ? index_.positions() : nullptr;
    uint32_t begin = 0;
    for (const uint32_t row : window.rows) {
      const auto end = static_cast<uint32_t>(begin + window.messages[row].size());
      if (window.messages[row].data() == nullptr) {
        DecodeAbsent(row, window.columns, window.result);
      } else if (together && walker.Walk(data, begin, end, position, window.columns, row)) {
        position = walker.position();
      } else {
        together = false;
        DecodeAlone(window, row, data + begin, end - begin, walker);
      }
      begin = end + 1;
    }
  }

  void DecodeAlone(const Window& window, uint32_t row, const char* message, uint32_t size,
                   JsonWalker& walker) {
    const std::string_view text(message, size);
    RecordError error{.row = row, .kind = ErrorKind::kMalformed};
    switch (index_.Build(message, size)) {
      case JsonIndex::Outcome::kOk:
        if (walker.Walk(message, 0, size, index_.positions(), window.columns, row)) return;
        error = walker.TakeError();
        error.row = row;
        break;
      case JsonIndex::Outcome::kEmpty:
        error.message = EmptyMessage();
        break;
      case JsonIndex::Outcome::kInvalidUtf8:
        error.message = MalformedJson(FirstInvalidUtf8(text), "valid UTF-8");
        break;
      case JsonIndex::Outcome::kControlCharacter:
        error.message = MalformedJson(FirstControlCharacter(text),
                                      "an escape, found a control character in a string");
        break;
      case JsonIndex::Outcome::kUnclosedString:
        error.message = MalformedJson(size, "a string's closing quote");
        break;
      case JsonIndex::Outcome::kTooLarge:
        error.message = MalformedJson(0, "a message of less than 4 GiB");
        break;
    }
    SetNull(window.columns, row);
    window.result->errors.push_back(std::move(error));
  }

  const Schema schema_;
  JsonNode root_;
  JsonIndex index_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Decoder>> MakeJsonDecoder(Schema schema) {
  KS_ASSIGN_OR_RETURN(JsonNode root, CompileJsonSchema(schema));
  return MakeJsonDecoder(std::move(schema), std::move(root));
}

std::unique_ptr<Decoder> MakeJsonDecoder(Schema schema, JsonNode root) {
  return std::make_unique<JsonDecoder>(std::move(schema), std::move(root));
}

}  // namespace ks::formats
