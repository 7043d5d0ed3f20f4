// The frame of a schema registry's serializer around messages that need no schema to be read.
#include <algorithm>

#include "formats/decoder.h"
#include "formats/errors.h"
#include "formats/schema_store.h"

namespace ks::formats {
namespace {

class FramedDecoder : public Decoder {
 public:
  explicit FramedDecoder(std::unique_ptr<Decoder> inner) : inner_(std::move(inner)) {}

  const Schema& schema() const override { return inner_->schema(); }

  void Decode(const Messages& messages, sql::Arena& arena, absl::Span<sql::Datum* const> columns,
              DecodeResult* result) override {
    bodies_.assign(messages.bytes.size(), {});
    rows_.clear();
    const size_t first = result->errors.size();
    for (const uint32_t row : messages.rows) {
      const std::string_view message = messages.bytes[row];
      int32_t unused = 0;
      if (message.data() != nullptr && !ReadFrame(message, &unused)) {
        SetNull(columns, row);
        result->errors.push_back({row, ErrorKind::kMalformed, NoFrame()});
        continue;
      }
      if (message.data() != nullptr) bodies_[row] = message.substr(kFrameBytes);
      rows_.push_back(row);
    }
    inner_->Decode({bodies_, rows_, messages.headers}, arena, columns, result);
    std::sort(result->errors.begin() + static_cast<ptrdiff_t>(first), result->errors.end(),
              [](const RecordError& a, const RecordError& b) { return a.row < b.row; });
  }

 private:
  const std::unique_ptr<Decoder> inner_;
  std::vector<std::string_view> bodies_;
  std::vector<uint32_t> rows_;
};

}  // namespace

std::unique_ptr<Decoder> MakeFramedDecoder(std::unique_ptr<Decoder> inner) {
  return std::make_unique<FramedDecoder>(std::move(inner));
}

bool ReadFrame(std::string_view message, int32_t* id) {
  if (message.size() < kFrameBytes || message[0] != 0) return false;
  uint32_t value = 0;
  for (size_t i = 1; i < kFrameBytes; ++i)
    value = value << 8 | static_cast<unsigned char>(message[i]);
  *id = static_cast<int32_t>(value);
  return true;
}

}  // namespace ks::formats
