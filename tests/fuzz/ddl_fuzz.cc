// Any text given as DDL ends in statements or in an error, as does what is made of them: a target's
// schema, and the text that GetDatabaseDdl answers with.
#include <cstdint>
#include <string_view>

#include "pipeline/offline/target_from_ddl.h"
#include "sql/parser/ddl_ast.h"
#include "sql/parser/ddl_printer.h"
#include "sql/parser/error_location.h"
#include "sql/parser/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ks::pipeline::TargetFromDdl(text);
  const auto statement = ks::sql::ParseDdlStatement(text);
  if (!statement.ok()) (void)ks::sql::WithLocation(text, statement.status());
  return 0;
}
