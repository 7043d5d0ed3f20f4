# Prometheus and its promtool out of Debian's package, for tests/alerts and tests/e2e:
# build/deps/prometheus/. Only taken out, not installed: the package would start a server. apt
# checks what it fetches.

if [ ! -x "$deps/prometheus/prometheus" ]; then
  say "fetching Prometheus"
  fetched=$(mktemp -d)
  chmod 755 "$fetched"
  (cd "$fetched" && quietly "apt-get update, then try again" apt-get download prometheus)
  dpkg-deb -x "$fetched"/prometheus_*.deb "$fetched/unpacked"
  mkdir -p "$deps/prometheus"
  mv "$fetched"/unpacked/usr/bin/{prometheus,promtool} "$deps/prometheus"
  rm -rf "$fetched"
fi
