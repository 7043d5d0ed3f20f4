// SpanCutter: cuts the keys of a span into parts of about the same number of bytes on disk, one
// after the other, so that several threads can read them.
//
// It halves the span between its first and last key, counted as numbers, until what is left is
// small enough; RocksDB knows about how many bytes lie between two keys from the indexes of its
// files. Parts may be empty. Thread safety: one thread at a time. Invariant (span_cutter_test.cc):
// the parts are the whole span, in the direction asked for, and none overlaps another.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "local/spanner/storage/key_codec.h"

namespace ks::local {

class Store;

// A key between both (start < key < limit), about in their middle; nothing where they lie so close
// that it would have to be looked for.
std::optional<std::string> KeyBetween(std::string_view start, std::string_view limit);

class SpanCutter {
 public:
  // `reverse`: the last part first.
  SpanCutter(const Store& store, KeySpan span, bool reverse);
  // Of about `bytes` at most where that can be had; nothing: no more.
  std::optional<KeySpan> Next(int64_t bytes);

 private:
  struct Rest {
    KeySpan span;
    int64_t bytes;
  };
  bool Halve(int64_t bytes);

  const Store& store_;
  const bool reverse_;
  std::vector<Rest> rest_;  // the next one last
};

}  // namespace ks::local
