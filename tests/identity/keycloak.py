"""Keycloak as a process: the realm of docs/guide/identity, whose tokens live for seconds here, and
another of the same kind. All in memory, on a free loopback port, and changed through its Admin API
as an administrator changes it."""

import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from servers import RECIPES, free_port, openssl, public_jwk

ADMINISTRATOR = "adm1n-s3cret"
REALM = json.loads((RECIPES / "keycloak-realm.json").read_text())


class Keycloak:
    """Has what SecureBroker wants of an authorization server."""

    subject_claim = "azp"  # the client's id; `sub` is that of its service account

    def __init__(self, home, directory, token_seconds):
        self.home, self.directory = home, pathlib.Path(directory)
        self.token_seconds = token_seconds
        self.url = f"http://127.0.0.1:{free_port()}"
        self.issuer = self.url + "/realms/kafka"
        self.token_endpoint = self.issuer + "/protocol/openid-connect/token"
        self.jwks = self.issuer + "/protocol/openid-connect/certs"
        self.client_key = self.directory / "client.key"
        openssl("genpkey", "-algorithm", "RSA", "-out", self.client_key)
        self.process = None

    def start(self):
        log = open(self.directory / "keycloak.log", "ab")
        self.process = subprocess.Popen(
            ["bash", f"{self.home}/bin/kc.sh", "start", "--optimized", "--http-enabled=true",
             "--hostname-strict=false", "--http-host=127.0.0.1",
             "--http-port=" + self.url.rsplit(":", 1)[1]],
            env={**os.environ, "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
                 "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
                 "KC_BOOTSTRAP_ADMIN_PASSWORD": ADMINISTRATOR},
            stdout=log, stderr=log, start_new_session=True)
        give_up = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(self.url + "/realms/master", timeout=10).read()
                break
            except OSError:
                assert self.process.poll() is None, f"Keycloak ended; see {log.name}"
                assert time.monotonic() < give_up, f"Keycloak is not ready; see {log.name}"
                time.sleep(0.2)
        for realm in ("kafka", "another"):
            self.administer("POST", "", REALM | {"realm": realm,
                                                 "accessTokenLifespan": self.token_seconds})

    def stop(self):
        """The shell that starts it, and Java."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @staticmethod
    def post_form(url, fields):
        return json.loads(urllib.request.urlopen(
            url, urllib.parse.urlencode(fields).encode(), timeout=30).read())

    def administer(self, method, path, body=None):
        """The answer of its Admin API."""
        token = self.post_form(self.url + "/realms/master/protocol/openid-connect/token", {
            "grant_type": "password", "client_id": "admin-cli", "username": "admin",
            "password": ADMINISTRATOR})["access_token"]
        request = urllib.request.Request(
            f"{self.url}/admin/realms{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method=method)
        try:
            text = urllib.request.urlopen(request, timeout=30).read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read().decode()}") from error
        return json.loads(text) if text else None

    def client(self, name, realm="kafka"):
        found, = self.administer("GET", f"/{realm}/clients?clientId={urllib.parse.quote(name)}")
        return Client(self, realm, found)

    def add_client(self, name, realm="kafka", **more):
        """One that is as the realm's, under another name."""
        description = REALM["clients"][0] | {"clientId": name, **more}
        self.administer("POST", f"/{realm}/clients", description)
        return self.client(name, realm)

    def add_client_with_key(self, name):
        """Which shows with `client_key` who it is (private_key_jwt)."""
        return self.add_client(name, clientAuthenticatorType="client-jwt", attributes={
            "use.jwks.string": "true",
            "jwks.string": json.dumps({"keys": [public_jwk(self.client_key)]})})


class Client:
    def __init__(self, keycloak, realm, described):
        self.keycloak, self.realm, self.described = keycloak, realm, described
        self.path = f"/{realm}/clients/{described['id']}"
        self.id, self.secret = described["clientId"], described.get("secret")

    def set(self, **fields):
        self.described |= fields
        self.keycloak.administer("PUT", self.path, self.described)

    def new_secret(self):
        self.secret = self.keycloak.administer("POST", self.path + "/client-secret", {})["value"]
        self.described["secret"] = self.secret

    def token(self):
        url = f"{self.keycloak.url}/realms/{self.realm}/protocol/openid-connect/token"
        return self.keycloak.post_form(url, {
            "grant_type": "client_credentials", "client_id": self.id,
            "client_secret": self.secret})["access_token"]
