# promtool out of Debian's package `prometheus`, for tests/alerts: build/deps/promtool. Only taken
# out, not installed: the package would start a server. apt checks what it fetches.

if [ ! -x "$deps/promtool" ]; then
  say "fetching promtool"
  fetched=$(mktemp -d)
  chmod 755 "$fetched"
  (cd "$fetched" && quietly "apt-get update, then try again" apt-get download prometheus)
  dpkg-deb -x "$fetched"/prometheus_*.deb "$fetched/unpacked"
  mv "$fetched/unpacked/usr/bin/promtool" "$deps/promtool"
  rm -rf "$fetched"
fi
