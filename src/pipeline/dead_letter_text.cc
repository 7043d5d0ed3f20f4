#include "pipeline/dead_letter_text.h"

#include "base/str_cat.h"
#include "formats/text.h"
#include "pipeline/limits.h"

namespace ks::pipeline {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// How many bytes the UTF-8 character at the front has; 0: it is none.
size_t CharacterSize(std::string_view text) {
  for (size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (formats::IsValidUtf8(text.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

std::string DeadLetterReason(std::string_view reason, std::string_view note) {
  const size_t room = kDeadLetterReasonBytesMax - note.size();
  std::string text;
  if (reason.size() <= room && formats::IsValidUtf8(reason)) {
    text = std::string(reason);
  } else {
    while (!reason.empty()) {
      const size_t size = CharacterSize(reason);
      const std::string_view next = size == 0 ? kReplacement : reason.substr(0, size);
      if (text.size() + next.size() > room) break;
      text += next;
      reason.remove_prefix(size == 0 ? 1 : size);
    }
  }
  text += note;
  return text;
}

std::string CutNote(std::string_view what, size_t bytes) {
  if (bytes <= kDeadLetterCellBytesMax) return "";
  return StrCat("; ", what, ": the first ", kDeadLetterCellBytesMax, " of its ", bytes,
                " bytes are kept");
}

}  // namespace ks::pipeline
