# HashiCorp Vault's core as a small program, for tests/identity: build/deps/vault. Go checks every
# module against go.sum. Takes some minutes, once.

described=(tools/setup/vault.sh tests/identity/vault/go.mod tests/identity/vault/go.sum
  tests/identity/vault/main.go)
if ! done_before vault "${described[@]}" || [ ! -x "$deps/vault" ]; then
  say "building HashiCorp Vault (300 modules)"
  quietly "Go must be able to reach its module proxy" \
    env "PATH=$deps/go/bin:$PATH" GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
    go build -C tests/identity/vault -o "$deps/vault" .
  mark_done vault "${described[@]}"
fi
