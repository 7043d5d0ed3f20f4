# Debian packages: those of packages.txt that are missing. npm only where no npm is there.

wanted=$(grep -v '^#' tools/setup/packages.txt | sed '/^$/d' | sort)
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null |
  awk '$1 == "ii" {print $2}' | sort)
missing=$(comm -23 <(echo "$wanted") <(echo "$installed") | tr '\n' ' ')
command -v npm >/dev/null || missing+="npm"

if [ -n "${missing// /}" ]; then
  command -v apt-get >/dev/null ||
    die "this is neither Debian nor Ubuntu" \
      "install what tools/setup/packages.txt names with your own package manager"
  say "installing Debian packages: $missing"
  root=$([ "$(id -u)" = 0 ] || echo sudo)
  hint="try it by hand, as root: apt-get install $missing"
  quietly "$hint" $root apt-get update
  quietly "$hint" $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $missing
fi
