"""Small servers in memory: a schema registry and a Vault that want the credentials they were given,
and a recorder that stands before the authorization server and remembers the tokens it gives out."""

import base64
import http.server
import json
import ssl
import threading
import urllib.error
import urllib.request


class Fake:
    """answer(method, path, headers, body) -> (status, JSON) or (status, bytes)."""

    def __init__(self):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if isinstance(self.connection, ssl.SSLSocket) and self.connection.getpeercert():
                    subject = dict(pair[0] for pair in self.connection.getpeercert()["subject"])
                    self.headers["X-Peer"] = subject["commonName"]
                status, said = fake.answer(self.command, self.path, self.headers, body)
                data = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_PUT = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def behind_tls(self, authority, for_anybody=False):
        """From here on for those only who show a certificate of `authority`; or for anybody."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
        # With TLS 1.3 a client has sent its request before it hears that it is refused, and the end
        # of the connection may overtake the reason.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.verify_mode = ssl.CERT_NONE if for_anybody else ssl.CERT_REQUIRED
        context.load_cert_chain(*authority.issue("server"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = self.url.replace("http:", "https:")

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Kubernetes(Fake):
    """The TokenReview of a Kubernetes API server: it knows service account tokens in `known`."""

    def __init__(self):
        super().__init__()
        self.known, self.requests = set(), 0

    def answer(self, method, path, headers, body):
        self.requests += 1
        review = json.loads(body) | {"apiVersion": "authentication.k8s.io/v1",
                                     "kind": "TokenReview"}
        review["status"] = {"authenticated": False, "error": "the token is unknown or has expired"}
        if review["spec"]["token"] in self.known:
            audiences = review["spec"].get("audiences", [])
            review["status"] = {"authenticated": True, "audiences": audiences, "user": {
                "username": "system:serviceaccount:team:pipe", "uid": "uid-1",
                "groups": ["system:serviceaccounts"]}}
        return 201, review


class Registry(Fake):
    """The same schema for every subject and number: an Avro record with one string, `v`. It lets
    in whose Authorization is in `taken`, or whose certificate's name is; `used` is who came in."""

    SCHEMA = {"type": "record", "name": "r", "fields": [{"name": "v", "type": "string"}]}

    def __init__(self, username, password):
        super().__init__()
        self.taken = {self.basic(username, password)}
        self.requests, self.used = 0, set()

    @staticmethod
    def basic(username, password):
        return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()

    def answer(self, method, path, headers, body):
        self.requests += 1
        who = headers.get("Authorization") or headers.get("X-Peer")
        if self.taken and who not in self.taken:
            return 401, {"error_code": 401, "message": "Unauthorized"}
        self.used.add(who)
        return 200, {"id": 1, "version": 1, "subject": "s", "schema": json.dumps(self.SCHEMA)}

    @staticmethod
    def encoded(text, schema=1):
        data = text.encode()
        assert len(data) < 64  # its length, doubled, in one byte
        return b"\0" + schema.to_bytes(4, "big") + bytes([2 * len(data)]) + data


class VaultKv(Fake):
    """KV version 2: one secret, for one token that has no end."""

    def __init__(self, token, data):
        super().__init__()
        self.token, self.data, self.version = token, data, 1

    def answer(self, method, path, headers, body):
        if headers.get("X-Vault-Token") != self.token:
            return 403, {"errors": ["permission denied"]}
        if path == "/v1/auth/token/lookup-self":
            return 200, {"data": {"ttl": 0, "renewable": False, "display_name": "token"}}
        return 200, {"data": {"data": self.data, "metadata": {
            "version": self.version, "created_time": "2026-01-01T00:00:00Z"}}}


class TokenRecorder(Fake):
    """Forwards to the authorization server at `issuer`; `given` are the tokens it gave out."""

    def __init__(self, issuer):
        super().__init__()
        self.issuer, self.given = issuer, []
        self.refuses = None  # then this is its answer

    def answer(self, method, path, headers, body):
        if self.refuses:
            return 401, self.refuses
        kept = {name: headers[name] for name in ("Authorization", "Content-Type", "Accept")
                if name in headers}
        request = urllib.request.Request(self.issuer + path, body, kept, method=method)
        try:
            said = urllib.request.urlopen(request, timeout=10).read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        self.given.append(json.loads(said)["access_token"])
        return 200, said
