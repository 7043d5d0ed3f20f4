# Apicurio Registry for the end-to-end tests: build/deps/registry. Maven gets it from Maven Central
# and checks it against the checksum there; the one here is what was pinned.

registry_version=2.6.13.Final
described=(tools/setup/registry.sh)
if ! done_before registry "${described[@]}" || [ ! -d "$deps/registry" ]; then
  command -v java >/dev/null || install_packages default-jre-headless
  command -v mvn >/dev/null || install_packages maven
  say "fetching Apicurio Registry $registry_version (142 MB)"
  rm -rf "$deps/registry"
  mkdir -p "$deps/registry" "$deps/downloads"
  archive=$deps/downloads/apicurio-registry-app-$registry_version-all.tar.gz
  quietly "Maven must be able to reach Maven Central" \
    mvn --batch-mode --quiet --strict-checksums dependency:copy \
    -Dartifact=io.apicurio:apicurio-registry-app:$registry_version:tar.gz:all \
    -DoutputDirectory="$deps/downloads"
  check_sha512 "$archive" \
    EdNuc0DtjWIYdVpm0/84/m6cm9nHI+rp2hMdDhgR1NEgX9LD2k7AUvGhkz4H2WoHKtLGIKsIVNt17zy1ti7kDw==
  tar -xzf "$archive" -C "$deps/registry"
  mark_done registry "${described[@]}"
fi
