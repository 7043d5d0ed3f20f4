# Node, Java and Maven for tests/conformance, as far as they are missing.

wanted=""
command -v node >/dev/null || wanted+=" nodejs"
command -v npm >/dev/null || wanted+=" npm"
command -v javac >/dev/null || wanted+=" openjdk-17-jdk-headless"
command -v mvn >/dev/null || wanted+=" maven"
[ -z "$wanted" ] || install_packages $wanted
