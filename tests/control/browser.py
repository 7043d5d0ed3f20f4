"""A person's browser without a screen: cookies, redirects, and what the page sends."""

import urllib.parse

SESSION, LOGIN = "kafka_spanner_session", "kafka_spanner_login"


class Browser:
    """Cookies, and nothing else of a browser."""

    def __init__(self, plane):
        self.plane, self.cookies, self.csrf = plane, {}, ""

    def send(self, method, path, body=None, **headers):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.plane.send(method, path, body=body, allow_redirects=False,
                                 headers={"Cookie": cookie, **headers})
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        for each in answer.raw.headers.getlist("Set-Cookie"):
            if "Max-Age=0" in each:
                self.cookies.pop(each.split("=")[0], None)
        return answer

    def begin(self):
        """What the issuer is asked."""
        answer = self.send("GET", "/auth/login")
        assert answer.status_code == 302, answer.text
        return dict(urllib.parse.parse_qsl(urllib.parse.urlparse(answer.headers["Location"]).query))

    def come_back(self, **query):
        return self.send("GET", "/auth/callback?" + urllib.parse.urlencode(query))

    def sign_in(self, issuer, subject, groups=()):
        asked = self.begin()
        answer = self.come_back(code=issuer.allow(asked, subject, groups), state=asked["state"])
        assert answer.status_code == 302 and answer.headers["Location"] == "/", answer.text
        self.csrf = self.send("GET", "/auth/session").json()["csrf"]
        return self

    def change(self, method, path, body=None, **headers):
        return self.send(method, path, body, **{"Origin": self.plane.page,
                                                "X-Csrf-Token": self.csrf, **headers})
