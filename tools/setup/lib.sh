# What the setup steps share: words, the log, stamps and checked downloads. Sourced, from the repository's root.

deps=$PWD/build/deps
log=$PWD/build/setup.log

say() { printf 'setup: %s\n' "$*"; }

die() {
  say "failed: $1" >&2
  [ -z "${2:-}" ] || say "what to do: $2" >&2
  exit 1
}

# quietly HINT COMMAND...: runs it with its output in the log; on failure shows the end of it and HINT.
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

# A step is done when its stamp holds the checksum of the files that describe it.
stamp_of() { cat "$@" | sha256sum; }
done_before() { # NAME FILE...
  local name=$1
  shift
  [ "$(cat "$deps/stamps/$name" 2>/dev/null)" = "$(stamp_of "$@")" ]
}
mark_done() { # NAME FILE...
  local name=$1
  shift
  stamp_of "$@" >"$deps/stamps/$name"
}

# check_sha512 FILE BASE64: stops unless the file is, byte for byte, the one that was pinned.
check_sha512() {
  local actual
  actual=$(openssl dgst -sha512 -binary "$1" | base64 -w0)
  [ "$actual" = "$2" ] ||
    die "$1 has checksum sha512-$actual, expected sha512-$2" "delete it and try again; if it stays, do not build"
}

# fetch_npm PACKAGE VERSION SHA512: prints the path of the checked tarball.
fetch_npm() {
  local name=${1#@} file
  file=$deps/downloads/${name//\//-}-$2.tgz
  if [ ! -e "$file" ]; then
    mkdir -p "$deps/downloads"
    quietly "npm must be able to reach its registry" \
      npm pack --silent --ignore-scripts --pack-destination "$deps/downloads" "$1@$2"
  fi
  check_sha512 "$file" "$3"
  printf '%s' "$file"
}
