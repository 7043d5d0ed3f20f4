# The front door. `make help` says what there is; everything is built into build/.
.DEFAULT_GOAL := all
.PHONY: all help setup release quickstart test conformance bench format clean

JOBS ?= 2

all: release

help:
	@echo 'make              get the dependencies and build build/release/kafka-spanner'
	@echo 'make quickstart   the same, then load a real dataset through Kafka into a local Spanner'
	@echo 'make test         build and run all tests, with sanitizers where it counts'
	@echo 'make conformance  Google'"'"'s clients in four languages against the local Spanner'
	@echo 'make bench        build and run the benchmarks'
	@echo 'make format       put the code into the house style (clang-format)'
	@echo 'make clean        remove what was built, keep the dependencies'
	@echo
	@echo 'For daily work: cmake --preset dev && ninja -C build/dev && ctest --test-dir build/dev'
	@echo 'One module only: ninja -C build/dev ks_sql_tests && build/dev/bin/ks_sql_tests'

setup:
	@tools/setup/run

build/%/build.ninja: | setup
	@cmake --preset $* --log-level=WARNING

release: setup build/release/build.ninja
	@cmake --build build/release -j$(JOBS)

quickstart: release
	@tools/setup/run data
	build/release/kafka-spanner dev --once examples/flights/pipeline.yaml

# Everything as shipped; everything that parses, and the fuzzers, with checks of addresses and of
# undefined behaviour; what has threads with checks of races.
test: release build/asan/build.ninja build/tsan/build.ninja
	@tools/setup/run data kafka registry go vault oidc browser
	@cmake --build build/asan -j$(JOBS) --target checks
	@cmake --build build/tsan -j$(JOBS) --target checks
	@ctest --test-dir build/asan -j$(JOBS) --output-on-failure -R '^asan\.'
	@ctest --test-dir build/tsan -j$(JOBS) --output-on-failure -R '^tsan\.'
	@ctest --test-dir build/release -j$(JOBS) --output-on-failure -LE separate

# Google's own clients against the local Spanner; each is fetched from its registry on first use.
conformance: release
	@tools/setup/run clients
	@ctest --test-dir build/release --output-on-failure -L conformance

bench: release
	@set -e; for b in build/release/bin/*_bench; do [ ! -x "$$b" ] || { echo "$$b"; "$$b"; }; done
	@bench/end_to_end.py
	@bench/go_client/run || [ $$? = 77 ]

format:
	@find src tests bench -name '*.h' -o -name '*.cc' | xargs clang-format-14 -i

clean:
	rm -rf build/release build/dev build/asan build/tsan build/data
