# Writes OUT, a source file that holds the files of folder PAGE as control/page_files.h has them:
# cmake -DPAGE=src/control/page -DOUT=page_files.cc -P cmake/page.cmake

set(types .html "text/html; charset=utf-8" .css "text/css; charset=utf-8"
    .js "text/javascript; charset=utf-8" .svg "image/svg+xml")
file(GLOB names RELATIVE ${PAGE} ${PAGE}/*)
list(SORT names)
set(arrays)
set(rows)
foreach(name IN LISTS names)
  get_filename_component(ending ${name} LAST_EXT)
  list(FIND types ${ending} at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${PAGE}/${name}: no type is known for ${ending}")
  endif()
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  file(READ ${PAGE}/${name} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  list(LENGTH rows number)
  string(APPEND arrays "constexpr unsigned char kFile${number}[] = {${bytes}};\n")
  if(name STREQUAL "index.html")
    set(name "")
  endif()
  set(view "View(kFile${number}, sizeof kFile${number})")
  list(APPEND rows "    {\"/${name}\", \"${type}\", ${view}},\n")
endforeach()
list(JOIN rows "" rows)
file(WRITE ${OUT} "// Made by cmake/page.cmake.
#include \"control/page_files.h\"

namespace ks::control {
namespace {

${arrays}
std::string_view View(const unsigned char* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

const PageFile* FindPageFile(std::string_view path) {
  static const PageFile files[] = {
${rows}  };
  for (const PageFile& file : files) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace ks::control
")
