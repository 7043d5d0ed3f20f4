"""A certificate authority of our own, which can revoke what it issued."""

import datetime
import http.server
import ipaddress
import pathlib
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Authority:
    """`certificate` is the path of its own one. Everything it makes is PEM, in `directory`."""

    def __init__(self, directory, name="ca"):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name, self.certificate = subject(name), self.directory / f"{name}.crt"
        self.revoked = {}  # when, by serial number
        self.lists = None  # where its lists of revoked certificates are
        made = self.sign(self.name, self.key.public_key(), now() + 2 * DAY, [
            (x509.BasicConstraints(ca=True, path_length=None), True)])
        self.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def sign(self, name, key, ends, extensions):
        builder = (x509.CertificateBuilder().subject_name(name).issuer_name(self.name)
                   .public_key(key).serial_number(x509.random_serial_number())
                   .not_valid_before(ends - 3 * DAY).not_valid_after(ends))
        own = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key), False).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), False)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        if self.lists:  # one for each certificate: Java keeps what it read for half a minute
            where = x509.UniformResourceIdentifier(f"{self.lists}/{builder._serial_number}")
            point = x509.DistributionPoint([where], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, ends=2 * DAY, into=None):
        """Paths of a certificate that ends so far from now, and of its PKCS#8 key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
        made = self.sign(subject(name), key.public_key(), now() + ends, [(names, False)])
        paths = [pathlib.Path(into or self.directory) / f"{name}.{end}" for end in ("crt", "key")]
        paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                               serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        return paths

    def revoke(self, certificate):
        """The certificate at that path; who asks from now on hears of it."""
        made = x509.load_pem_x509_certificate(certificate.read_bytes())
        self.revoked[made.serial_number] = now()

    def list_of_revoked(self):
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.name)
                   .last_update(now() - DAY).next_update(now() + DAY))
        for number, when in self.revoked.items():
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(number).revocation_date(when)
                .build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def publish(self):
        """Its lists, over HTTP; what is issued from now on says where they are."""
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                data = authority.list_of_revoked()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.lists = f"http://127.0.0.1:{server.server_port}"
