#!/usr/bin/env python3
"""Records what AWS's own signers make of fixed requests at fixed times: aws_signatures.json.

Run in an environment with aws-msk-iam-sasl-signer-python==1.0.2 (it brings botocore).
"""

import datetime
import importlib.metadata
import json
import os
import pathlib
from unittest import mock

import botocore.auth
from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SIGNER = "aws-msk-iam-sasl-signer-python"
LONG = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "")
SESSION = ("ASIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "tok/en+=~x y")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "secretsmanager.GetSecretValue"}


def at(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    fake = mock.Mock(wraps=datetime.datetime)
    fake.utcnow.return_value = moment.replace(tzinfo=None)
    fake.now.return_value = moment
    patches = [mock.patch.object(botocore.auth.datetime, "datetime", fake, create=True)] \
        if hasattr(botocore.auth.datetime, "datetime") else []
    if hasattr(botocore.auth, "get_current_datetime"):
        patches = [mock.patch.object(botocore.auth, "get_current_datetime",
                                     lambda remove_tzinfo=True: moment.replace(tzinfo=None))]
    return patches[0]


def common(credentials, seconds):
    key, secret, token = credentials
    return {"access_key_id": key, "secret_access_key": secret, "session_token": token,
            "unix_seconds": seconds}


def msk(region, credentials, seconds):
    key, secret, token = credentials
    os.environ.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
    os.environ.pop("AWS_SESSION_TOKEN", None)
    if token:
        os.environ["AWS_SESSION_TOKEN"] = token
    with at(seconds):
        signed, _ = MSKAuthTokenProvider.generate_auth_token(region)
    agent = f"{SIGNER}/{importlib.metadata.version(SIGNER)}"
    return common(credentials, seconds) | {"region": region, "user_agent": agent, "token": signed}


def request(method, url, headers, body, service, region, credentials, seconds):
    key, secret, token = credentials
    asked = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
    with at(seconds):
        botocore.auth.SigV4Auth(Credentials(key, secret, token or None), service,
                                region).add_auth(asked)
    return common(credentials, seconds) | {
        "method": method, "url": url, "headers": headers, "body": body, "service": service,
        "region": region, "authorization": asked.headers["Authorization"]}


def main():
    sts = "https://sts.eu-west-1.amazonaws.com/"
    secrets = "https://secretsmanager.eu-west-1.amazonaws.com/"
    recorded = {
        "msk": [msk("us-east-1", LONG, 1700000000), msk("eu-central-1", SESSION, 1795732824),
                msk("cn-north-1", SESSION, 1700006399)],
        "requests": [
            request("POST", sts, FORM, "Action=AssumeRole&Version=2011-06-15", "sts", "eu-west-1",
                    LONG, 1700000000),
            request("POST", secrets, JSON, '{"SecretId":"prod/kafka"}', "secretsmanager",
                    "eu-west-1", SESSION, 1795732824),
            request("POST", "http://127.0.0.1:9405/", JSON, "{}", "secretsmanager", "us-east-1",
                    LONG, 1700006399)],
    }
    path = pathlib.Path(__file__).parent / "aws_signatures.json"
    path.write_text(json.dumps(recorded, indent=1) + "\n")


if __name__ == "__main__":
    main()
