# A receiver of OpenTelemetry's Collector as a small program, for tests/e2e:
# build/deps/otlp_receiver. Go checks every module against go.sum.

described=(tools/setup/otlp.sh tests/e2e/otlp/go.mod tests/e2e/otlp/go.sum tests/e2e/otlp/main.go)
if ! done_before otlp "${described[@]}" || [ ! -x "$deps/otlp_receiver" ]; then
  say "building OpenTelemetry's receiver"
  quietly "Go must be able to reach its module proxy" \
    env "PATH=$deps/go/bin:$PATH" GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
    go build -C tests/e2e/otlp -o "$deps/otlp_receiver" .
  mark_done otlp "${described[@]}"
fi
