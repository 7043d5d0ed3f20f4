#include "sql/parser/parser_impl.h"
namespace ks::sql {
StatementPtr Parser::DdlStatement() {
  Unexpected();
  return nullptr;
}
}  // namespace ks::sql
