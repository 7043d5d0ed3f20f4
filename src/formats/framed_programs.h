// FramedPrograms: how to read messages whose schema stands in front of them by its number, made
// once for each. Thread safety: none, one decoder's own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "base/str_cat.h"
#include "base/string_map.h"
#include "formats/decoder.h"
#include "formats/errors.h"
#include "formats/schema_store.h"

namespace ks::formats {

template <typename Program>
class FramedPrograms {
 public:
  // A program of a schema for messages with these bytes between the schema's number and the record;
  // an error when the schema does not fit the columns.
  using Compile = std::function<absl::StatusOr<std::shared_ptr<const Program>>(
      const RegisteredSchema&, std::string_view selector)>;

  FramedPrograms(std::shared_ptr<SchemaStore> store, Compile compile)
      : store_(std::move(store)), compile_(std::move(compile)) {}

  // `frame`: the message's start, up to the record. Null: `error` says why not.
  const Program* Of(std::string_view frame, RecordError* error) {
    if (last_ != nullptr && frame == last_frame_) return last_;
    auto found = known_.find(frame);
    if (found == known_.end()) {
      auto known = Fetch(frame);
      if (!known.ok()) {
        const bool absent = known.status().code() == absl::StatusCode::kNotFound;
        error->kind = absent ? ErrorKind::kMalformed : ErrorKind::kNoSchema;
        error->message = std::string(View(known.status().message()));
        return nullptr;
      }
      found = known_.emplace(frame, *std::move(known)).first;
    }
    const Known& known = found->second;
    if (known.program == nullptr) {
      error->kind = ErrorKind::kSchemaChanged;
      error->message = known.refusal;
      return nullptr;
    }
    last_frame_ = frame;
    return last_ = known.program.get();
  }

 private:
  // The program, or why there is none.
  struct Known {
    std::shared_ptr<const Program> program;
    std::string refusal;
  };

  absl::StatusOr<Known> Fetch(std::string_view frame) {
    int32_t id = 0;
    ReadFrame(frame, &id);
    const auto registered = store_->ById(id);
    if (!registered.ok()) return registered.status();
    Known known;
    auto program = compile_(**registered, frame.substr(kFrameBytes));
    if (program.ok()) {
      known.program = *std::move(program);
    } else {
      known.refusal = OfSchema(id, View(program.status().message()));
    }
    return known;
  }

  const std::shared_ptr<SchemaStore> store_;
  const Compile compile_;
  StringMap<Known> known_;
  std::string last_frame_;
  const Program* last_ = nullptr;  // of last_frame_
};

}  // namespace ks::formats
