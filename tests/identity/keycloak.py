"""Keycloak with the realm of docs/guide/identity, whose tokens live for seconds here, and another
of the same kind."""

import json
import urllib.parse

from keycloak_process import ADMINISTRATOR, KeycloakProcess  # noqa: F401
from servers import RECIPES, openssl, public_jwk

REALM = json.loads((RECIPES / "keycloak-realm.json").read_text())


class Keycloak(KeycloakProcess):
    """Has what SecureBroker wants of an authorization server."""

    subject_claim = "azp"  # the client's id; `sub` is that of its service account

    def __init__(self, home, directory, token_seconds):
        super().__init__(home, directory)
        self.token_seconds = token_seconds
        self.issuer = self.url + "/realms/kafka"
        self.token_endpoint = self.issuer + "/protocol/openid-connect/token"
        self.jwks = self.issuer + "/protocol/openid-connect/certs"
        self.client_key = self.directory / "client.key"
        openssl("genpkey", "-algorithm", "RSA", "-out", self.client_key)

    def start(self):
        super().start()
        for realm in ("kafka", "another"):
            self.administer("POST", "", REALM | {"realm": realm,
                                                 "accessTokenLifespan": self.token_seconds})

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
