# Debezium's connector for PostgreSQL in Kafka Connect, for the end-to-end tests: their jars, in
# build/deps/debezium, as tools/setup/kafka.sh fetches Kafka's; and PostgreSQL from Debian.

described=(tools/setup/debezium.sh tests/e2e/debezium/pom.xml tests/e2e/debezium/jars.sha512)
if ! done_before debezium "${described[@]}" || [ ! -d "$deps/debezium" ]; then
  command -v java >/dev/null || install_packages default-jre-headless
  command -v mvn >/dev/null || install_packages maven
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || install_packages postgresql
  say "fetching Debezium 3.2.0 and Kafka Connect 4.3.1 (38 MB)"
  rm -rf "$deps/debezium"
  quietly "Maven must be able to reach Maven Central" \
    mvn --batch-mode --quiet --strict-checksums --file tests/e2e/debezium/pom.xml \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$deps/debezium"
  hint="delete build/deps/debezium and try again; if it stays, do not run it"
  (cd "$deps/debezium" && quietly "$hint" \
    sha512sum --strict --quiet --check ../../../tests/e2e/debezium/jars.sha512)
  [ "$(ls "$deps/debezium" | wc -l)" = "$(wc -l <tests/e2e/debezium/jars.sha512)" ] ||
    die "build/deps/debezium holds other jars than tests/e2e/debezium/jars.sha512 lists" "delete it"
  mark_done debezium "${described[@]}"
fi
