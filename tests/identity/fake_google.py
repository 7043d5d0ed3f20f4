"""Google's endpoints in memory: STS, IAM credentials, metadata server, Secret Manager. `token` is
what they give out; `requests` is what they were asked."""

import http.server
import json
import ssl
import threading
import urllib.parse


TOKEN = "planted-google-access-token"


class FakeGoogle:
    def __init__(self, token=TOKEN):
        self.token = token
        self.requests = []  # (method, path, headers, fields)
        self.secrets = {}  # of Secret Manager: its answer by path
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                form = "json" not in self.headers.get("Content-Type", "")
                fields = dict(urllib.parse.parse_qsl(body)) if form else json.loads(body)
                self.answer(fields)

            def do_GET(self):
                self.answer(dict(urllib.parse.parse_qsl(urllib.parse.urlparse(self.path).query)))

            def answer(self, fields):
                path = urllib.parse.urlparse(self.path).path
                fake.requests.append((self.command, path, dict(self.headers), fields))
                if isinstance(self.connection, ssl.SSLSocket):
                    subject = dict(pair[0] for pair in self.connection.getpeercert()["subject"])
                    fake.peers.append(subject["commonName"])
                status, body = fake.answer(self.command, path, self.headers, fields)
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Metadata-Flavor", "Google")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.handler = Handler
        self.peers = []  # names of the certificates that clients showed
        self.servers = []
        self.host = self.listen()

    def listen(self, context=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        self.servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"127.0.0.1:{server.server_port}"

    def hosts(self):
        return [f"127.0.0.1:{server.server_port}" for server in self.servers]

    def behind_tls(self, authority):
        """The same once more, for those who show a certificate of `authority`."""
        certificate, key = authority.issue("sts")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(certificate, key)
        return self.listen(context)

    def stop(self):
        """Nobody is there from now on."""
        while self.servers:
            server = self.servers.pop()
            server.shutdown()
            server.server_close()

    def answer(self, method, path, headers, fields):
        given = {"access_token": self.token, "token_type": "Bearer", "expires_in": 3600}
        if path in self.secrets:
            allowed = headers.get("Authorization") == f"Bearer {self.token}"
            return (200, self.secrets[path]) if allowed else (401, {"error": {"message": "no"}})
        if path == "/v1/token":
            certificate = str(fields.get("subject_token_type")).endswith(":mtls")
            if fields.get("subject_token") != "subject" and not certificate:
                return 400, {"error": "invalid_grant", "error_description": "unknown subject"}
            kind = "urn:ietf:params:oauth:token-type:access_token"
            return 200, given | {"issued_token_type": kind}
        if path in ("/token", "/oauthtoken"):
            return 200, given
        if path.endswith(":generateAccessToken"):
            if headers.get("Authorization") != f"Bearer {self.token}":
                return 401, {"error": {"status": "UNAUTHENTICATED", "message": "no"}}
            return 200, {"accessToken": self.token, "expireTime": "2099-01-01T00:00:00Z"}
        if path.startswith("/computeMetadata/"):
            if headers.get("Metadata-Flavor") != "Google":
                return 403, {}
            if path.endswith("/token"):
                return 200, given
            return 200, {"email": "sa@p.test", "scopes": [], "aliases": ["default"]}
        return (200, {}) if path == "/" else (404, {})
