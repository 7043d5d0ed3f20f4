# Keycloak for tests/identity/test_keycloak.py: build/deps/keycloak. Maven gets it from Maven
# Central and checks it against the checksum there; the one here is what was pinned. It then builds
# itself for the options that are fixed from there on, which takes half a minute.

keycloak_version=26.7.3
described=(tools/setup/keycloak.sh)
if ! done_before keycloak "${described[@]}" || [ ! -d "$deps/keycloak" ]; then
  command -v java >/dev/null || install_packages default-jre-headless
  command -v mvn >/dev/null || install_packages maven
  say "fetching Keycloak $keycloak_version (177 MB)"
  rm -rf "$deps/keycloak" "$deps/keycloak-$keycloak_version"
  mkdir -p "$deps/downloads"
  archive=$deps/downloads/keycloak-quarkus-dist-$keycloak_version.zip
  quietly "Maven must be able to reach Maven Central" \
    mvn --batch-mode --quiet --strict-checksums dependency:copy \
    -Dartifact=org.keycloak:keycloak-quarkus-dist:$keycloak_version:zip \
    -DoutputDirectory="$deps/downloads"
  check_sha512 "$archive" \
    FcdkdlV27vJnzxXMUiWlgmtTlKJag9m/pbhUTku7ppDLdDydOEIAuTu3HuTEoyjh3YwKAPgi/T5uFU8UseRyFg==
  quietly "delete $archive and try again" python3 -m zipfile -e "$archive" "$deps"
  mv "$deps/keycloak-$keycloak_version" "$deps/keycloak"
  quietly "delete build/deps/keycloak and try again" \
    bash "$deps/keycloak/bin/kc.sh" build --db=dev-mem --cache=local
  mark_done keycloak "${described[@]}"
fi
