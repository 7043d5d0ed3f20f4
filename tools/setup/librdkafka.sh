# librdkafka as a static library, from the source that its npm package carries. Debian 12's own
# (2.0.2) fails SCRAM against Kafka 4 and drops connections on re-authentication; 2.6.1 will do.

if pkg-config --atleast-version=2.6.1 rdkafka 2>/dev/null; then
  touch "$deps/stamps/librdkafka"
elif ! done_before librdkafka tools/setup/librdkafka.sh || [ ! -e "$deps/lib/librdkafka.a" ]; then
  say "building librdkafka 2.15.1 (about 90 seconds)"
  fetch_npm @confluentinc/kafka-javascript 1.10.1 \
    KVePUBn21EqCVP9mfxzEuM3SYJHHEF7X+iiC2e43QQgDSyEaksInmCGooT3w5q+cNAdkSCrK71j0ICfqoSqZLw==
  source_dir=$deps/src/librdkafka
  rm -rf "$source_dir"
  mkdir -p "$source_dir" "$deps/lib" "$deps/include/librdkafka"
  quietly "" tar xzf "$archive" -C "$source_dir" --no-same-owner --strip-components=3 \
    package/deps/librdkafka
  # No C11 threads: ThreadSanitizer only knows of threads that pthread_create started.
  hint="the end of the log above names what the compiler missed"
  (
    cd "$source_dir"
    quietly "$hint" ./configure --disable-gssapi --enable-ssl --enable-zstd --enable-lz4-ext \
      --enable-zlib --enable-curl --disable-c11threads
    for feature in SSL ZSTD LZ4_EXT ZLIB CURL; do
      grep -q "define WITH_$feature 1" config.h || die "librdkafka found no $feature" "$hint"
    done
    quietly "$hint" make -j2 -C src librdkafka.a
  )
  cp "$source_dir/src/librdkafka.a" "$deps/lib"
  cp "$source_dir"/src/rdkafka.h "$source_dir"/src/rdkafka_mock.h "$deps/include/librdkafka"
  mark_done librdkafka tools/setup/librdkafka.sh
fi
