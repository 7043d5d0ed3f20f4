# What the setup steps share: words, the log, stamps, checked downloads. Sourced from the root.

deps=$PWD/build/deps
log=$PWD/build/setup.log

say() { printf 'setup: %s\n' "$*"; }

die() { # WHAT [WHAT_TO_DO]
  say "failed: $1" >&2
  [ -z "${2:-}" ] || say "what to do: $2" >&2
  exit 1
}

# quietly HINT COMMAND...: runs it, its output in the log; on failure shows the end of it and HINT.
quietly() {
  local hint=$1 from
  shift
  printf '\n$ %s\n' "$*" >>"$log"
  from=$(wc -l <"$log")
  if ! "$@" >>"$log" 2>&1; then
    tail -n "+$((from + 1))" "$log" | tail -n 30 >&2
    die "$* (all of it: $log)" "$hint"
  fi
}

# install_packages PACKAGE...: Debian packages, those that are not there yet.
install_packages() {
  local installed missing root hint
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null |
    awk '$1 == "ii" {print $2}' | sort)
  missing=$(comm -23 <(printf '%s\n' "$@" | sort) <(echo "$installed") | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  command -v apt-get >/dev/null ||
    die "this is neither Debian nor Ubuntu, and lacks: $missing" \
      "install them with your own package manager"
  say "installing Debian packages: $missing"
  root=$([ "$(id -u)" = 0 ] || echo sudo)
  hint="try it by hand, as root: apt-get install $missing"
  quietly "$hint" $root apt-get update
  quietly "$hint" $root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $missing
}

# A step is done when its stamp holds the checksum of the files that describe it.
stamp_of() { cat "$@" | sha256sum; }

done_before() { # NAME FILE...
  [ "$(cat "$deps/stamps/$1" 2>/dev/null)" = "$(stamp_of "${@:2}")" ]
}

mark_done() { # NAME FILE...
  stamp_of "${@:2}" >"$deps/stamps/$1"
}

# check_sha512 FILE BASE64: stops unless the file is, byte for byte, the one that was pinned.
check_sha512() {
  local actual
  actual=$(openssl dgst -sha512 -binary "$1" | base64 -w0)
  [ "$actual" = "$2" ] ||
    die "$1 has checksum sha512-$actual, expected sha512-$2" \
      "delete it and try again; if the checksum stays wrong, do not build from it"
}

# fetch_npm PACKAGE VERSION SHA512: leaves the path of the checked archive in $archive.
fetch_npm() {
  local name=${1#@}
  archive=$deps/downloads/${name//\//-}-$2.tgz
  if [ ! -e "$archive" ]; then
    mkdir -p "$deps/downloads"
    quietly "npm must be able to reach its registry" \
      npm pack --silent --ignore-scripts --pack-destination "$deps/downloads" "$1@$2"
  fi
  check_sha512 "$archive" "$3"
}
