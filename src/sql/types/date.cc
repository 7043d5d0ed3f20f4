// DATE from and to text.

#include "absl/strings/ascii.h"
#include "sql/types/civil.h"
#include "sql/types/digits.h"
#include "sql/types/errors.h"
#include "sql/types/value.h"

namespace ks::sql {

absl::StatusOr<int64_t> ParseDate(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  int year = 0, month = 0, day = 0;
  if (ReadDigits(at, end, 4, &year) != 4 || !ReadChar(at, end, '-') ||
      ReadDigits(at, end, 2, &month) == 0 || !ReadChar(at, end, '-') ||
      ReadDigits(at, end, 2, &day) == 0 || at != end) {
    return InvalidDate(text);
  }
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month))
    return InvalidDate(text);
  if (year == 0) return DateOutOfRange(text);
  return DaysFromCivil(year, month, day);
}

void AppendDate(int64_t days, std::string* out) {
  char buffer[kDateTextBytesMax];
  out->append(buffer, WriteDate(buffer, days));
}

}  // namespace ks::sql
