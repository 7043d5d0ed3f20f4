# Apache Kafka for the end-to-end tests: its jars, in build/deps/kafka. Maven gets them from Maven
# Central and checks them against the checksums there; jars.sha512 are those that were pinned.

described=(tools/setup/kafka.sh tests/e2e/kafka/pom.xml tests/e2e/kafka/jars.sha512)
if ! done_before kafka "${described[@]}" || [ ! -d "$deps/kafka" ]; then
  command -v java >/dev/null || install_packages default-jre-headless
  command -v mvn >/dev/null || install_packages maven
  say "fetching Apache Kafka 4.3.1 (54 MB)"
  rm -rf "$deps/kafka"
  quietly "Maven must be able to reach Maven Central" \
    mvn --batch-mode --quiet --strict-checksums --file tests/e2e/kafka/pom.xml \
    dependency:copy-dependencies -DoutputDirectory="$deps/kafka"
  (cd "$deps/kafka" && quietly "delete build/deps/kafka and try again; if it stays, do not run it" \
    sha512sum --strict --quiet --check ../../../tests/e2e/kafka/jars.sha512)
  [ "$(ls "$deps/kafka" | wc -l)" = "$(wc -l <tests/e2e/kafka/jars.sha512)" ] ||
    die "build/deps/kafka holds other jars than tests/e2e/kafka/jars.sha512 lists" "delete it"
  mark_done kafka "${described[@]}"
fi
