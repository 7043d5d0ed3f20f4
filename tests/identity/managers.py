"""Secret managers as processes: HashiCorp Vault, and what moto has of AWS (moto_server.py)."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

from fakes import Kubernetes
from servers import Authority, free_port, openssl, signed_jwt
from moto_server import Aws, wait_until_there  # noqa: F401


class Vault:
    """KV version 2 at `secret` with the secret `kafka`, and logins. All in memory."""

    def __init__(self, program, directory):
        self.program, self.log = program, directory / "vault.log"
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self.root = ""
        self.kubernetes = None  # after know_jwts()

    def start(self):
        self.process = subprocess.Popen([self.program, self.address], stdout=open(self.log, "ab"),
                                        stderr=subprocess.STDOUT)
        wait_until_there(f"{self.url}/v1/sys/health", self.process, self.log)
        keys = self.ask("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self.key, self.root = keys["keys_base64"][0], keys["root_token"]
        self.unseal()
        self.retry("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
        self.ask("POST", "sys/auth/approle", {"type": "approle"})
        policy = 'path "secret/data/kafka" {capabilities = ["read"]}'
        self.ask("PUT", "sys/policies/acl/pipe", {"policy": policy})

    def ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/v1/{path}", data,
                                         {"X-Vault-Token": self.root}, method=method)
        text = urllib.request.urlopen(request, timeout=10).read()
        return json.loads(text) if text else {}

    def retry(self, *arguments):
        """For what Vault refuses while it wakes up, or while KV upgrades its mount."""
        give_up = time.monotonic() + 30
        while True:
            try:
                return self.ask(*arguments)
            except urllib.error.HTTPError as error:
                assert time.monotonic() < give_up, error.read()
                time.sleep(0.1)

    def put(self, password):
        self.retry("POST", "secret/data/kafka", {"data": {"password": password}})

    def seal(self):
        self.ask("PUT", "sys/seal", {})

    def unseal(self):
        self.ask("PUT", "sys/unseal", {"key": self.key})

    def role(self, name, **fields):
        """An AppRole that may read `kafka`, as our environment wants it."""
        self.ask("POST", f"auth/approle/role/{name}", {"token_policies": "pipe", **fields})
        role = self.ask("GET", f"auth/approle/role/{name}/role-id")["data"]["role_id"]
        secret = self.ask("POST", f"auth/approle/role/{name}/secret-id", {})["data"]["secret_id"]
        return {"VAULT_ADDR": self.url, "VAULT_ROLE_ID": role, "VAULT_SECRET_ID": secret}

    def know_jwts(self):
        """Logins by JWT, which Vault checks with a key of ours, and by Kubernetes."""
        self.jwt_key = self.log.parent / "jwt.key"
        openssl("genpkey", "-algorithm", "RSA", "-out", self.jwt_key)
        public = openssl("rsa", "-in", self.jwt_key, "-pubout").decode()
        self.kubernetes = Kubernetes()
        authority = Authority(self.log.parent / "kubernetes")
        self.kubernetes.behind_tls(authority, for_anybody=True)
        for kind in ("jwt", "kubernetes"):
            self.ask("POST", f"sys/auth/{kind}", {"type": kind})
        self.ask("POST", "auth/jwt/config", {"jwt_validation_pubkeys": [public]})
        self.ask("POST", "auth/kubernetes/config", {
            "kubernetes_host": self.kubernetes.url, "disable_local_ca_jwt": True,
            "kubernetes_ca_cert": authority.certificate.read_text(),
            "token_reviewer_jwt": signed_jwt(self.jwt_key, {"sub": "reviewer"}, 3600)})
        for name, policy in (("right", "pipe"), ("forbidden", "default")):
            self.ask("POST", f"auth/jwt/role/{name}", {
                "role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"],
                "token_policies": policy})
            self.ask("POST", f"auth/kubernetes/role/{name}", {
                "bound_service_account_names": ["pipe"], "token_policies": policy,
                "bound_service_account_namespaces": ["team"]})

    def login(self, way, state, directory):
        """Our environment for a login that is right, wrong, forbidden or expired."""
        policy = "default" if state == "forbidden" else "pipe"
        if way == "approle":
            made = self.role(f"{way}-{state}", token_policies=policy)
            if state == "wrong":
                made["VAULT_SECRET_ID"] = "wrong"
            if state == "expired":
                self.ask("POST", f"auth/approle/role/{way}-{state}/secret-id/destroy",
                         {"secret_id": made["VAULT_SECRET_ID"]})
            return made
        if way == "token":
            token = self.ask("POST", "auth/token/create", {"policies": [policy]})["auth"]
            if state == "expired":
                self.ask("POST", "auth/token/revoke", {"token": token["client_token"]})
            given = "hvs.wrong" if state == "wrong" else token["client_token"]
            return {"VAULT_ADDR": self.url, "VAULT_TOKEN": given}
        return self.login_by_jwt(way, state, directory)

    def login_by_jwt(self, way, state, directory):
        """The file is named, so that no Kubernetes has to have put one where pods have it."""
        account = "kubernetes.io/serviceaccount/"
        claims = {"sub": "system:serviceaccount:team:pipe", "aud": ["vault"],
                  "iss": "kubernetes/serviceaccount", account + "namespace": "team",
                  account + "secret.name": "s", account + "service-account.name": "pipe",
                  account + "service-account.uid": "uid-1"}
        key = self.jwt_key
        if state == "wrong":
            key = directory / "another.key"
            openssl("genpkey", "-algorithm", "RSA", "-out", key)
        token = signed_jwt(key, claims, -600 if state == "expired" else 600)
        if state in ("right", "forbidden"):
            self.kubernetes.known.add(token)
        file = directory / "jwt"
        file.write_text(token)
        return {"VAULT_ADDR": self.url, "VAULT_JWT_FILE": str(file), "VAULT_AUTH_MOUNT": way,
                "VAULT_ROLE": "forbidden" if state == "forbidden" else "right"}

    def stop(self):
        if self.kubernetes is not None:
            self.kubernetes.stop()
        self.process.kill()
        self.process.wait()
