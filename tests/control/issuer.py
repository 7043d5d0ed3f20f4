"""An issuer of tokens that also makes the wrong ones: keys, discovery document and JWK set over
HTTP. What a real provider does not give away can only be had from one's own."""

import base64
import hashlib
import http.server
import json
import secrets
import threading
import time
import urllib.parse

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "kafka-spanner"


def encoded(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    def __init__(self):
        self.keys = {}
        self.codes = {}
        self.seal = self.sign  # of ID tokens; tests put a forger here
        self.asked = 0  # how often for its keys
        self.redeemed = 0  # how often for a token
        self.answers = threading.Event()  # not set: it lets whoever wants a token wait
        self.answers.set()
        self.down = False
        self.rotate("k1")
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = issuer.answer(self.path)
                self.send_response(200 if body else 503)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def do_POST(self):
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, body = issuer.redeem(dict(urllib.parse.parse_qsl(form)), self.headers)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def rotate(self, kid):
        """Another key; those before are gone."""
        self.kid = kid
        self.keys = {kid: rsa.generate_private_key(public_exponent=65537, key_size=2048)}

    def answer(self, path):
        if self.down:
            return None
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks",
                    "authorization_endpoint": f"{self.url}/auth",
                    "token_endpoint": f"{self.url}/token",
                    "end_session_endpoint": f"{self.url}/end"}
        self.asked += 1
        return {"keys": [self.jwk(kid, key) for kid, key in self.keys.items()]}

    def allow(self, asked, subject, groups=(), **more):
        """A code for what a browser was sent here with: once, and for its verifier only."""
        code = secrets.token_hex(8)
        claims = {"aud": asked["client_id"], "nonce": asked["nonce"], "sid": f"of {subject}"}
        self.codes[code] = (asked["code_challenge"],
                            self.claims(subject, groups, **{**claims, **more}))
        return code

    def redeem(self, form, headers):
        self.redeemed += 1
        self.answers.wait(60)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        login = base64.b64encode(b"control-page:page-s3cret").decode()
        expected, claims = self.codes.pop(form.get("code"), (None, None))
        if headers["Authorization"] != f"Basic {login}":
            return 401, {"error": "invalid_client"}
        if claims is None or encoded(challenge) != expected:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "at", "token_type": "Bearer", "id_token": self.seal(claims)}

    @staticmethod
    def jwk(kid, key):
        numbers = key.public_key().public_numbers()
        return {
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
            "n": encoded(numbers.n.to_bytes(256, "big")),
            "e": encoded(numbers.e.to_bytes(3, "big")),
        }

    def public_pem(self):
        return self.keys[self.kid].public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def claims(self, subject, groups=(), **more):
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "groups": list(groups),
                  "iat": now, "nbf": now, "exp": now + 600, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, subject, groups=(), **more):
        return self.sign(self.claims(subject, groups, **more))

    def sign(self, claims, key=None, **header):
        head = {"alg": "RS256", "typ": "JWT", "kid": self.kid, **header}
        text = f"{encoded(head)}.{encoded(claims)}"
        if head["alg"] == "none":
            return text + "."
        if head["alg"] == "HS256":  # the public key taken for a secret
            signer = hmac.HMAC(self.public_pem(), hashes.SHA256())
            signer.update(text.encode())
            return f"{text}.{encoded(signer.finalize())}"
        key = key or self.keys[self.kid]
        return f"{text}.{encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
