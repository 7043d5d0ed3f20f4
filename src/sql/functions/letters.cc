#include "sql/functions/letters.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/coll.h>
#include <unicode/normalizer2.h>
#include <unicode/sortkey.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <memory>

namespace ks::sql {
namespace {

icu::StringPiece Piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

const icu::Normalizer2* Normalizer(NormalForm form) {
  UErrorCode error = U_ZERO_ERROR;
  switch (form) {
    case NormalForm::kNfc:
      return icu::Normalizer2::getNFCInstance(error);
    case NormalForm::kNfkc:
      return icu::Normalizer2::getNFKCInstance(error);
    case NormalForm::kNfd:
      return icu::Normalizer2::getNFDInstance(error);
    case NormalForm::kNfkd:
      return icu::Normalizer2::getNFKDInstance(error);
  }
  return nullptr;
}

}  // namespace

bool IsUnicodeSpace(uint32_t code_point) {
  if (code_point < 0x80) return code_point == ' ' || (code_point >= 9 && code_point <= 13);
  return u_isUWhiteSpace(static_cast<UChar32>(code_point));
}

std::string UnicodeUpper(std::string_view text) {
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  UErrorCode error = U_ZERO_ERROR;
  icu::CaseMap::utf8ToUpper("", 0, Piece(text), sink, nullptr, error);
  return result;
}

std::string UnicodeLower(std::string_view text) {
  std::string result;
  icu::StringByteSink<std::string> sink(&result);
  UErrorCode error = U_ZERO_ERROR;
  icu::CaseMap::utf8ToLower("", 0, Piece(text), sink, nullptr, error);
  return result;
}

std::string Normalize(std::string_view text, NormalForm form, bool fold_case) {
  const icu::Normalizer2* const normalizer = Normalizer(form);
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8(Piece(text));
  UErrorCode error = U_ZERO_ERROR;
  if (fold_case) {
    wide = normalizer->normalize(wide, error);
    wide.foldCase();
  }
  wide = normalizer->normalize(wide, error);
  std::string result;
  wide.toUTF8String(result);
  return result;
}

std::string_view CollationFault(std::string_view collation) {
  const size_t colon = collation.find(':');
  const std::string_view language = collation.substr(0, colon);
  if (language.empty()) return "cannot contain empty language_tag";
  if (colon == std::string_view::npos) return "";
  if (language == "binary") return "binary cannot be combined with a suffix";
  const std::string_view attribute = collation.substr(colon + 1);
  if (attribute.find(':') != std::string_view::npos) {
    return "only case sensitivity attribute is supported";
  }
  return attribute == "ci" || attribute == "cs" ? "" : "case sensitivity must be 'ci' or 'cs'";
}

std::string CollationKey(std::string_view text, std::string_view collation) {
  if (collation == "binary") return std::string(text);
  const std::string language(collation.substr(0, collation.find(':')));
  const bool root = language == "und" || language == "unicode";
  UErrorCode error = U_ZERO_ERROR;
  const std::unique_ptr<icu::Collator> collator(icu::Collator::createInstance(
      root ? icu::Locale::getRoot() : icu::Locale(language.c_str()), error));
  if (U_FAILURE(error)) return std::string(text);
  if (collation.ends_with(":ci")) collator->setStrength(icu::Collator::SECONDARY);
  icu::CollationKey key;
  collator->getCollationKey(icu::UnicodeString::fromUTF8(Piece(text)), key, error);
  if (U_FAILURE(error)) return std::string(text);
  int32_t size = 0;
  const uint8_t* bytes = key.getByteArray(size);
  return std::string(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace ks::sql
