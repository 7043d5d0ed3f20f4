# Debian's Chromium, and axe-core, which judges how accessible a page is, for tests/control:
# build/deps/axe.min.js.

install_packages chromium
fetch_npm axe-core 4.14.1 \
  FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
tar -xzf "$archive" -O package/axe.min.js >"$deps/axe.min.js"
