"""What gives out AWS's credentials: STS, the machine's metadata service (IMDSv2) and a container's
endpoint. `state`: right, wrong (who asks is refused) or expired (what it gives is of the past)."""

import datetime

from fakes import Fake

ISSUED = ("ASIAISSUED", "issued-aws-s3cret", "issued-session")
ROLE = "arn:aws:iam::123456789012:role/pipe"
XML = """<R><Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>
<SessionToken>{}</SessionToken><Expiration>{}</Expiration></Credentials></R>"""


def in_future(time):
    return (datetime.datetime.now(datetime.timezone.utc) + time).strftime("%Y-%m-%dT%H:%M:%SZ")


class FakeAws(Fake):
    def __init__(self, state="right"):
        super().__init__()
        self.state, self.requests, self.life = state, 0, datetime.timedelta(hours=1)

    def answer(self, method, path, headers, body):
        self.requests += 1
        ends = in_future(-self.life if self.state == "expired" else self.life)
        if path == "/":
            if self.state == "right":
                return 200, XML.format(*ISSUED, ends).encode()
            code = "ExpiredTokenException" if self.state == "expired" else "AccessDenied"
            return 400 if self.state == "expired" else 403, (
                f"<E><Error><Code>{code}</Code><Message>no role for you</Message></Error></E>"
                .encode())
        if self.state == "wrong":
            return 403, {"Message": "no role for you"}
        if path == "/latest/api/token":
            assert method == "PUT"
            return 200, b"imds-session"
        if path.startswith("/latest/"):
            assert headers["X-aws-ec2-metadata-token"] == "imds-session"
            if path.endswith("/security-credentials/"):
                return 200, b"pipe"
        else:
            assert path == "/container" and headers["Authorization"] == "container-t0ken"
        key, secret, session = ISSUED
        return 200, {"AccessKeyId": key, "SecretAccessKey": secret, "Token": session,
                     "Expiration": ends}


def source(kind, url, home):
    """(environment, fields of `sasl:`) for credentials from there; `url` is a FakeAws."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "aws-s3cret"}
    folder = home / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text("[default]\naws_access_key_id = AKIAFILE\n"
                                        "aws_secret_access_key = file-aws-s3cret\n")
    (folder / "config").write_text(f"[profile pipe]\nrole_arn = {ROLE}\nsource_profile = default\n")
    (home / "web").write_text("a.web.identity")
    if kind not in ("profile", "profile_role"):
        (folder / "credentials").unlink()
    return {
        "environment": (keys, {}),
        "session": ({"AWS_ACCESS_KEY_ID": ISSUED[0], "AWS_SECRET_ACCESS_KEY": ISSUED[1],
                     "AWS_SESSION_TOKEN": ISSUED[2]}, {}),
        "profile": ({}, {}),
        "profile_role": ({"AWS_ENDPOINT_URL": url}, {"profile": "pipe"}),
        "web_identity": ({"AWS_WEB_IDENTITY_TOKEN_FILE": str(home / "web"), "AWS_ROLE_ARN": ROLE,
                          "AWS_ENDPOINT_URL": url}, {}),
        "role": (keys | {"AWS_ENDPOINT_URL": url}, {"role_arn": ROLE}),
        "container": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/container",
                       "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-t0ken"}, {}),
        "instance": ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}, {}),
    }[kind]


def known_keys(state):
    """What AWS knows: {id: (secret, session)}."""
    if state == "wrong":
        return {"AKIATEST": ("another", ""), "AKIAFILE": ("another", "")}
    session = "a newer session" if state == "expired" else ISSUED[2]
    return {"AKIATEST": ("aws-s3cret", ""), "AKIAFILE": ("file-aws-s3cret", ""),
            ISSUED[0]: (ISSUED[1], session)}
