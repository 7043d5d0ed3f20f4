// The page's files (src/control/page/), as they are inside of the program: cmake/page.cmake puts
// them there when it is built. Thread safety: constants.
#pragma once

#include <string_view>

namespace ks::control {

struct PageFile {
  std::string_view path;  // `/app.js`; the page itself is `/`
  std::string_view type;
  std::string_view content;
};

// Null where there is none of that path.
const PageFile* FindPageFile(std::string_view path);

}  // namespace ks::control
