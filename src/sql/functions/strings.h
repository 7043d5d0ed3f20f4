// What string functions share with other files of this folder.
#pragma once

#include "sql/functions/function.h"

namespace ks::sql {

// CONCAT of any number of STRING or BYTES.
Signature ConcatSignature(TypeRef type);

}  // namespace ks::sql
