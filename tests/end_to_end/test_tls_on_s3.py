"""A server with a certificate that only a file of one's own vouches for: every client takes it when told to, and no client does otherwise."""

import ipaddress
import os
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from conftest import KEY, SECRET
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from faulty_s3 import Trouble, proxy

from corpus_platform.analytics.sql import connect, query
from corpus_platform.errors import SourceError
from corpus_platform.home import Home
from corpus_platform.lake import Lake

pytestmark = [pytest.mark.e2e, pytest.mark.s3]

NAME, PARTITION = "models.language_model", {"language": "en"}
ROWS = pl.DataFrame({"path": ["_files/en"], "digest": ["00"], "origin": ["trained"]})


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Files: `ca.pem` of an authority made here, `cert.pem` and `key.pem` of 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificates")
    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate(
        "an authority", authority, "an authority", authority, x509.BasicConstraints(ca=True, path_length=None)
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    own = _certificate("127.0.0.1", server, "an authority", authority, names, usage)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "cert.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        server.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return folder


def _certificate(subject, key, issuer, signer, *extensions):
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    for extension in extensions:
        made = made.add_extension(extension, critical=False)
    return made.sign(signer, hashes.SHA256())


@pytest.fixture
def make_home(certificates, moto_server, place, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("CORPUS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SSL_CERT_FILE", os.environ.get("SSL_CERT_FILE", ""))  # is put back after the test
    monkeypatch.delenv("SSL_CERT_FILE")
    with proxy(
        moto_server.endpoint, Trouble(), certificate=(certificates / "cert.pem", certificates / "key.pem")
    ) as endpoint:

        def make(verify):
            (tmp_path / "corpus.yaml").write_text(
                f"s3: {{location: 's3://corpus/{place}', endpoint: '{endpoint}', verify: {verify}, retry_seconds: 1}}\n"
                f"source: {{location: 's3://corpus/{place}'}}\n"
            )
            return Home.open(tmp_path)

        yield make


@pytest.mark.parametrize("verify", ["ca", "false"])
def test_every_client_reaches_a_server_whose_certificate_it_is_told_to_take(make_home, certificates, verify):
    home = make_home(certificates / "ca.pem" if verify == "ca" else "false")
    lake = home.lake
    fence = lake.fence(NAME, PARTITION)

    with lake.writer(NAME, PARTITION, 0, "run-0001") as writer:
        writer.write(ROWS)
        files = writer.close()[NAME]
    lake.commit(NAME, PARTITION, files, fence, run="run-0001", metadata={"fingerprint": "1"})

    again = Lake(lake.location, storage=lake.storage)
    assert again.scan(NAME).collect()["origin"].to_list() == ["trained"]
    assert query(connect(again), f"select origin from {NAME}").to_pylist() == [{"origin": "trained"}]
    assert [file.path for file in home.settings.source.below(home.path).at("x").files("lake/models")]


def test_no_client_takes_a_certificate_that_nobody_vouches_for(make_home):
    home = make_home("true")

    with pytest.raises(SourceError, match=r"can't be reached: .*certificate \(`s3.verify`\)"):
        home.lake.check_safe(NAME)
    with pytest.raises(SourceError, match=r"can't be reached: .*certificate"):
        home.lake.version(NAME)
    with pytest.raises(SourceError, match="SSL"):
        list(home.settings.source.below(home.path).at("x").files())
