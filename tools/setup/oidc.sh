# oidc-provider and the Node.js it runs on, for tests/identity and tests/control:
# build/oidc/node_modules. npm checks each package against package-lock.json.

described=(tools/setup/oidc.sh tests/identity/oidc/package{,-lock}.json)
if ! done_before oidc "${described[@]}" || [ ! -d build/oidc/node_modules ]; then
  say "fetching oidc-provider"
  mkdir -p build/oidc
  cp tests/identity/oidc/package.json tests/identity/oidc/package-lock.json build/oidc
  quietly "npm must be able to reach its registry" \
    npm ci --prefix build/oidc --silent --ignore-scripts --no-audit --no-fund
  mark_done oidc "${described[@]}"
fi
