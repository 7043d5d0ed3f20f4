"""What stands before a broker's listener: it counts and cuts connections, and judges logins that
the broker itself has no way to judge."""

import base64
import datetime
import hashlib
import hmac
import socket
import struct
import threading
import urllib.parse

SASL_AUTHENTICATE = 36


class Cutter:
    """Stands before a TCP port; cut() ends all connections through it, and it stays open."""

    def __init__(self, port, behind):
        self.behind = behind
        self.accepted = 0
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
                self.accepted += 1
                far = socket.create_connection(("127.0.0.1", self.behind))
            except OSError:
                return
            self.sockets |= {near, far}
            for copy, *pair in ((self.go_in, near, far), (self.copy, far, near)):
                threading.Thread(target=self.run, args=(copy, *pair), daemon=True).start()

    def run(self, copy, one, other):
        try:
            copy(one, other)
        except OSError:
            pass
        for each in (one, other):
            self.sockets.discard(each)
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def copy(self, one, other):
        while data := one.recv(1 << 16):
            other.sendall(data)

    go_in = copy

    def cut(self):
        for each in list(self.sockets):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # a thread waits in accept()
        self.listener.close()
        self.cut()


class Gate(Cutter):
    """judge(proof) gives what the broker is shown instead of what a client logs in with."""

    def judge(self, proof):
        raise NotImplementedError

    def go_in(self, near, far):
        stream = near.makefile("rb")
        while size := stream.read(4):
            frame = stream.read(struct.unpack(">i", size)[0])
            key, version = struct.unpack_from(">hh", frame)
            if key == SASL_AUTHENTICATE:
                assert version <= 1  # those without tagged fields
                start = 10 + max(0, struct.unpack_from(">h", frame, 8)[0])
                proof = self.judge(frame[start + 4:])
                frame = frame[:start] + struct.pack(">i", len(proof)) + proof
            far.sendall(struct.pack(">i", len(frame)) + frame)


class Passwords(Gate):
    """Of PLAIN's users, changeable while the broker runs; it knows `own` alone."""

    own = "plain-s3cret"

    def __init__(self, port, behind):
        self.taken = {"alice": {self.own}}
        super().__init__(port, behind)

    def judge(self, proof):
        _, user, password = proof.decode().split("\0")
        good = password in self.taken.get(user, {self.own})
        return f"\0{user}\0{self.own if good else 'refused'}".encode()


def signature(url, secret):
    """What AWS signs an MSK token with, from its rules (SigV4 in a query); the URL of one."""
    query = urllib.parse.parse_qsl(url.query, keep_blank_values=True)
    signed = sorted((urllib.parse.quote(name, safe="-_.~"), urllib.parse.quote(value, safe="-_.~"))
                    for name, value in query if name not in ("X-Amz-Signature", "User-Agent"))
    fields = dict(query)
    _, *scope = fields["X-Amz-Credential"].split("/")
    request = "\n".join(["GET", "/", "&".join("=".join(pair) for pair in signed),
                         f"host:{url.netloc}", "", "host", hashlib.sha256(b"").hexdigest()])
    to_sign = "\n".join(["AWS4-HMAC-SHA256", fields["X-Amz-Date"], "/".join(scope),
                         hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in (*scope, to_sign):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


class Iam(Gate):
    """MSK's IAM access control: `keys` are those that AWS knows, {id: (secret, session's token)}.
    Who is let in is shown to the broker with a token of the authorization server's."""

    def __init__(self, port, behind, idp):
        self.idp, self.keys, self.why = idp, {}, []
        super().__init__(port, behind)

    def judge(self, proof):
        if b"auth=Bearer " not in proof:
            return proof  # a client's answer to a refusal
        token = proof.split(b"auth=Bearer ")[1].split(b"\x01")[0].decode()
        wrong = self.wrong_with(base64.urlsafe_b64decode(token + "==").decode())
        self.why.append(wrong)
        if wrong:
            return proof
        return f"n,,\x01auth=Bearer {self.idp.token()['access_token']}\x01\x01".encode()

    def wrong_with(self, text):
        """Empty: nothing."""
        url = urllib.parse.urlparse(text)
        fields = dict(urllib.parse.parse_qsl(url.query))
        secret, session = self.keys.get(fields["X-Amz-Credential"].split("/")[0], (None, ""))
        signed = datetime.datetime.strptime(fields["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        age = datetime.datetime.now(datetime.timezone.utc) - signed
        if secret is None:
            return "unknown key"
        if url.netloc != "kafka.eu-west-1.amazonaws.com" or (
                fields["Action"] != "kafka-cluster:Connect"):
            return "it is for something else"
        if fields.get("X-Amz-Security-Token", "") != session:
            return "another session"
        if age.total_seconds() > int(fields["X-Amz-Expires"]):
            return "expired"
        return "" if fields["X-Amz-Signature"] == signature(url, secret) else "its signature"
