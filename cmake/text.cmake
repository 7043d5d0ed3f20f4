# Writes OUT, a source file with a function FUNCTION of HEADER that gives the text of FILE:
# cmake -DFILE=… -DHEADER=pipeline/pipeline_schema.h -DFUNCTION=ks::pipeline::PipelineSchema
#       -DOUT=… -P cmake/text.cmake

file(READ ${FILE} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "// Made by cmake/text.cmake.
#include \"${HEADER}\"

std::string_view ${FUNCTION}() {
  static constexpr unsigned char kText[] = {${bytes}};
  return {reinterpret_cast<const char*>(kText), sizeof kText};
}
")
