"""Services of Amazon as a process: moto. In memory, on a free loopback port."""

import subprocess
import sys
import time
import urllib.error
import urllib.request

from ports import free_port


def wait_until_there(url, process, log):
    give_up = time.monotonic() + 60
    while True:
        try:
            return urllib.request.urlopen(url, timeout=2).read()
        except urllib.error.HTTPError:
            return b""  # an answer is an answer
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
            time.sleep(0.1)


class Aws:
    """Secrets Manager, STS and S3. It takes any signature: what a signature must be is compared
    with AWS's own signer (tests/identity/record_aws.py)."""

    def __init__(self, directory):
        self.log = directory / "moto.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": "eu-west-1",
                            "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "aws-s3cret"}

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=open(self.log, "ab"), stderr=subprocess.STDOUT)
        wait_until_there(self.url, self.process, self.log)

    def client(self, service):
        import boto3
        return boto3.client(service, endpoint_url=self.url, region_name="eu-west-1",
                            aws_access_key_id="AKIATEST", aws_secret_access_key="aws-s3cret")

    def stop(self):
        self.process.kill()
        self.process.wait()
