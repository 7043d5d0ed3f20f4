# Prometheus' Alertmanager, for tests/e2e: build/deps/prometheus/alertmanager. Go checks every
# module against go.sum. (Debian's package runs only where it is installed.)

described=(tools/setup/alertmanager.sh tests/e2e/alertmanager/go.mod tests/e2e/alertmanager/go.sum)
if ! done_before alertmanager "${described[@]}" || [ ! -x "$deps/prometheus/alertmanager" ]; then
  say "building Prometheus' Alertmanager"
  quietly "Go must be able to reach its module proxy" \
    env "PATH=$deps/go/bin:$PATH" GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
    go build -C tests/e2e/alertmanager -o "$deps/prometheus/alertmanager" \
    github.com/prometheus/alertmanager/cmd/alertmanager
  mark_done alertmanager "${described[@]}"
fi
