"""Secrets in programs. All of these are made up."""

import polars as pl
import pytest

from corpus_platform.clean.secrets import entropy, find_secrets

BODY = "MIIEowIBAAKCAQEAx7VqZ9tRfWuLpN3d" * 3
MADE = {
    "key": [
        "AKIA" + "QYLPMN5HHHFPZAM2",
        "ghp_" + "q1W2e3R4t5Y6u7I8o9P0a1S2d3F4g5H6j7K8",
        "xoxb-" + "981726354-kLmNoPqRsTuV",
        "sk_live_" + "9aZ8bY7cX6dW5eV4fU3g",
        "AIza" + "SyD9x8c7v6b5n4m3l2k1j0h9g8f7d6s5a4Q",
    ],
    "private_key": [f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"],
    "password": ["postgres://anna:t0pS3cretPw@db.host/x"],
    "secret": [
        'API_KEY = "9fJ2kLmQ8xZ4vB7nT1wR"',
        "password: 'Zk8$wQ2!pLr9@xV4'",
        "client_secret=8d1f0c7b2a9e4f6d3c5b",
    ],
    "email": ["anna.lee@uni-ulm.de"],
}


def finds(text, **options):
    return [
        (one.kind, text[one.start : one.end])
        for _, found in find_secrets(pl.Series([text]), **options)
        for one in found
    ]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in MADE.items() for text in texts])
def test_a_secret_is_found_with_its_kind(kind, text):
    found = finds(f"# settings\n{text}\n")

    assert [one for one, _ in found] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        'API_KEY = "your-api-key-goes-here-123"',
        'token = "xxxxxxxxxxxxxxxxxxxx"',
        'password = "${DB_PASSWORD}"',
        'secret_key = os.environ["SECRET_KEY"]',
        "credentials: S3CredentialsComponent",
        'TOKEN_PATH = "/etc/service/tokens/current"',
        "https://user:password@example.org",
        "git@github.com:a/b.git",
        "someone@example.com",
        "c = a@b.T",
        "@pytest.fixture",
        "AKIAIOSFODNN7EXAMPLE",
    ],
)
def test_what_only_stands_for_a_secret_is_none(text):
    assert finds(text, domains={"com", "de", "org"}) == []


def test_finds_are_in_order_and_apart():
    text = "postgres://anna:t0pS3cretPw@mail.de\nx = 'bob@web.de'\n"

    assert finds(text) == [("password", "t0pS3cretPw"), ("email", "bob@web.de")]


def test_only_the_asked_kinds_are_found():
    text = "\n".join(one for texts in MADE.values() for one in texts)

    assert {kind for kind, _ in finds(text, kinds=("email", "password"))} == {"email", "password"}


def test_entropy_is_that_of_the_characters():
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
