#include "formats/json_index.h"

#include <algorithm>

#include <simdjson.h>

namespace ks::formats {

struct JsonIndex::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
};

JsonIndex::JsonIndex() : parser_(std::make_unique<Parser>()) {}
JsonIndex::~JsonIndex() = default;

JsonIndex::Outcome JsonIndex::Build(const char* data, size_t size) {
  if (size == 0) return Outcome::kEmpty;
  if (size > capacity_) {
    const size_t capacity = std::max<size_t>(size + size / 2, 4096);
    const simdjson::implementation* best = simdjson::get_active_implementation();
    if (best->create_dom_parser_implementation(capacity, 1, parser_->stages) != simdjson::SUCCESS) {
      capacity_ = 0;
      return Outcome::kTooLarge;
    }
    capacity_ = capacity;
  }
  switch (parser_->stages->stage1(reinterpret_cast<const uint8_t*>(data), size,
                                  simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS:
      return Outcome::kOk;
    case simdjson::EMPTY:
      return Outcome::kEmpty;
    case simdjson::UTF8_ERROR:
      return Outcome::kInvalidUtf8;
    case simdjson::UNESCAPED_CHARS:
      return Outcome::kControlCharacter;
    case simdjson::UNCLOSED_STRING:
      return Outcome::kUnclosedString;
    default:
      return Outcome::kTooLarge;
  }
}

const uint32_t* JsonIndex::positions() const { return parser_->stages->structural_indexes.get(); }

}  // namespace ks::formats
