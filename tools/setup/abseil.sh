# Abseil's headers, so that std::string_view and absl::string_view pass for each other; why stands
# in abseil.patch. Where Abseil was built with the standard's string_view, there is nothing to do.

strings=/usr/include/absl/strings
inputs="tools/setup/abseil.sh tools/setup/abseil.patch $strings/string_view.h $strings/str_cat.h"
if ! done_before abseil $inputs; then
  rm -rf "$deps/abseil"
  mkdir -p "$deps/abseil/absl/strings/internal"
  if grep -q '#define ABSL_OPTION_USE_STD_STRING_VIEW 0' /usr/include/absl/base/options.h; then
    say "making Abseil take std::string_view"
    cp $strings/string_view.h $strings/str_cat.h "$deps/abseil/absl/strings"
    cp $strings/internal/str_split_internal.h "$deps/abseil/absl/strings/internal"
    quietly "this Abseil is not Debian 12's (20220623): adapt tools/setup/abseil.patch" \
      patch --batch -p1 -d "$deps/abseil" -i "$PWD/tools/setup/abseil.patch"
  fi
  mark_done abseil $inputs
fi
