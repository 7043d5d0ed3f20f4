// CAST between PROTO or ENUM and STRING or INT64. What the types mean is the catalog's: Call's
// `prepared` is the ProtoCatalog, or null where there is none.
#pragma once

#include "sql/functions/function.h"

namespace ks::sql {

void StringToEnumKernel(Call& call, Rows rows, const Column* arguments, Datum* out);
void Int64ToEnumKernel(Call& call, Rows rows, const Column* arguments, Datum* out);
void EnumToStringKernel(Call& call, Rows rows, const Column* arguments, Datum* out);
void StringToProtoKernel(Call& call, Rows rows, const Column* arguments, Datum* out);
void ProtoToStringKernel(Call& call, Rows rows, const Column* arguments, Datum* out);

}  // namespace ks::sql
