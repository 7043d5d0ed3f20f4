# Debian packages: those of packages.txt. npm only where no npm is there.

command -v npm >/dev/null && npm= || npm=npm
install_packages $(grep -v '^#' tools/setup/packages.txt) $npm
