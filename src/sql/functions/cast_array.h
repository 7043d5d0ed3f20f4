// CAST of ARRAY and STRUCT, element by element.
#pragma once

#include "sql/functions/function.h"

namespace ks::sql {

// Call::argument_types[0] and Call::result_type have the same shape, and each part has a cast.
void CastElementsKernel(Call& call, Rows rows, const Column* arguments, Datum* out);

}  // namespace ks::sql
