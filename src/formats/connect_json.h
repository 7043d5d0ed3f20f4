// JSON as Kafka Connect's JsonConverter writes it: {"schema": …, "payload": …}, or the payload
// alone where the converter's schemas.enable is false; which one is seen message by message.
//
// A schema says what numbers and strings stand for (its semantic types: decimals in base64, days,
// microseconds), and they are decoded as that. Schemas are told apart by their text and compiled
// once each; the last kConnectSchemasMax are kept. Without one, a number is a number.
// Thread safety: none, as every Decoder.
#pragma once

#include <memory>
#include <string_view>

#include "formats/decoder.h"
#include "formats/json_walker.h"
#include "formats/meaning.h"

namespace ks::formats {

// `root` describes the payload and was compiled from `schema`. A payload that is null is a delete.
absl::StatusOr<std::unique_ptr<Decoder>> MakeConnectJsonDecoder(Schema schema, JsonNode root,
                                                                Unfit unfit);

// What a semantic type of Kafka Connect or Debezium stands for; `scale` is its parameter.
Meaning ConnectMeaning(std::string_view name, int32_t scale);

}  // namespace ks::formats
