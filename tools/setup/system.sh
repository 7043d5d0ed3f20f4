# Debian packages: those of packages.txt that are missing. npm only where no npm is there.

wanted=$(grep -v '^#' tools/setup/packages.txt)
missing=$(comm -23 <(sort <<<"$wanted" | sed '/^$/d') \
  <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" {print $2}' | sort))
command -v npm >/dev/null || missing+=" npm"

if [ -n "${missing// /}" ]; then
  command -v apt-get >/dev/null ||
    die "this is no Debian or Ubuntu" "install what tools/setup/packages.txt names with your own package manager"
  say "installing Debian packages:" $missing
  root=$([ "$(id -u)" = 0 ] || echo sudo)
  hint="as root: apt-get install" 
  quietly "$hint $(echo $missing)" $root apt-get update
  quietly "$hint $(echo $missing)" \
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
fi
