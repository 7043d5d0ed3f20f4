// JsonIndex: where the tokens of JSON text begin, found 64 bytes at a time by simdjson's first
// stage.
//
// For text that is one or more JSON documents separated by white space, positions() are the offsets
// of every
// `{ } [ ] : ,` outside strings, of every opening quote, and of the first byte of every other token
// (numbers, literals, rubbish). Quotes are matched with escapes in mind; the text is valid UTF-8
// and its strings hold no control characters, or Build() says otherwise. Nothing else is checked:
// that is for the one who walks over the positions.
//
// Not thread-safe. Keeps its memory (about six bytes per byte of the longest text).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ks::formats {

class JsonIndex {
 public:
  enum class Outcome : uint8_t {
    kOk,
    kEmpty,
    kInvalidUtf8,
    kControlCharacter,
    kUnclosedString,
    kTooLarge
  };
  static constexpr size_t kPadding =
      64;  // bytes behind the text that must be readable; their value does not matter

  JsonIndex();
  ~JsonIndex();

  // Replaces the positions by those of `data`. With kOk there is at least one, and behind the last
  // stands `size`.
  Outcome Build(const char* data, size_t size);
  const uint32_t* positions() const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  size_t capacity_ = 0;
};

}  // namespace ks::formats
