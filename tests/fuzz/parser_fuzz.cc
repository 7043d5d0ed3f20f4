// Any bytes given to the parser end in a tree or an error, and DDL that prints parses back to the
// same text.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sql/parser/ddl_printer.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser.h"

using namespace ks::sql;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view sql(reinterpret_cast<const char*>(data), size);
  const auto parsed = ParseStatement(sql);
  (void)ParseExpression(sql);
  (void)SplitStatements(sql);
  if (!parsed.ok()) {
    (void)WithLocation(sql, parsed.status());
    return 0;
  }
  const std::string printed = PrintStatement(**parsed);
  if (printed.empty()) return 0;
  const auto again = ParseStatement(printed);
  if (!again.ok() || PrintStatement(**again) != printed) {
    std::fprintf(stderr, "printed DDL does not come back: %s\n", printed.c_str());
    std::abort();
  }
  return 0;
}
