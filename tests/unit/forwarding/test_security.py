"""Certificates, keys and credentials: found, readable, right; otherwise one line says what is wrong."""

from __future__ import annotations

import base64
import binascii
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from daemoneye.forwarding.credentials import read_credentials
from daemoneye.forwarding.line import NoConnection
from daemoneye.forwarding.security import client_context, why
from daemoneye.settings.outputs import TLS
from tests.fakes.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_the_receiver_is_checked_always(authority: Authority) -> None:
    """By certificate and by name, with nothing older than TLS 1.2."""
    certificate, key = authority.issue("web-1.example.org")
    context = client_context(TLS(ca_file=authority.file, cert_file=certificate, key_file=key))
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert client_context(TLS()).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("key", ["ca_file", "cert_file", "key_file"])
def test_a_file_that_is_missing_is_named(authority: Authority, key: str) -> None:
    """With what is expected of it."""
    certificate, private = authority.issue("web-1.example.org")
    files: dict[str, Any] = {"ca_file": authority.file, "cert_file": certificate, "key_file": private} | {
        key: Path("/no/\x1bsuch")
    }
    with pytest.raises(NoConnection, match=rf"^tls.{key}: /no/\\x1bsuch: no such file or directory: expected a file"):
        client_context(TLS(**files))


def test_what_is_no_certificate_is_said(tmp_path: Path) -> None:
    """In one line, with the name of the file."""
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(NoConnection, match=r"ca\.pem: .*expected certificates"):
        client_context(TLS(ca_file=tmp_path / "ca.pem"))


def test_nobody_is_asked_for_the_password_of_a_key(authority: Authority) -> None:
    """There is nobody at the terminal of a service."""
    certificate, private = authority.issue("web-1.example.org")
    locked = serialization.BestAvailableEncryption(b"secret")
    encoding, style = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(encoding, style, locked))
    with pytest.raises(NoConnection, match="expected certificates and an unlocked key"):
        client_context(TLS(ca_file=authority.file, cert_file=certificate, key_file=private))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "connection refused"),
        (OSError("odd"), "odd"),
        (ValueError("\x1b[2J"), r"\x1b[2J"),
        (KeyError(), "KeyError"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "tls: "),
    ],
    ids=repr,
)
def test_what_went_wrong_is_said_in_a_line(error: Exception, said: str) -> None:
    """Whatever the other side had put into it is shown, not obeyed."""
    assert why(error).startswith(said)


# -- NATS


def seed_of(key: Ed25519PrivateKey, prefix: bytes = b"\x95\x00") -> str:
    """The way nkeys are written: `SU`, for the seed of a user."""
    raw = prefix + key.private_bytes_raw()
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def creds(seed: str, jwt: str = "eyJ0.eyJ1.c2ln") -> str:
    return (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        "************************* IMPORTANT *************************\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n\n*****\n"
    )


def test_credentials_are_read_and_sign(tmp_path: Path) -> None:
    """The server's nonce is signed with the key of the file; its public half can check it."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "web.creds").write_text(creds(seed_of(key)))
    assert seed_of(key).startswith("SU")
    found = read_credentials(tmp_path / "web.creds")
    assert found.jwt == b"eyJ0.eyJ1.c2ln"
    key.public_key().verify(base64.b64decode(found.sign("nonce")), b"nonce")


def test_a_key_that_others_made_is_understood(tmp_path: Path) -> None:
    """The pair of NATS' own documentation."""
    (tmp_path / "a.creds").write_text(creds("SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"))
    public = b"\xa0" + read_credentials(tmp_path / "a.creds").key.public_key().public_bytes_raw()
    written = base64.b32encode(public + binascii.crc_hqx(public, 0).to_bytes(2, "little"))
    assert written == b"UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"


def spoiled() -> dict[str, str]:
    key = Ed25519PrivateKey.generate()
    good = seed_of(key)
    return {
        "empty": "",
        "no seed": creds("").replace("SEED", ""),
        "a letter changed": creds(good[:20] + ("A" if good[20] != "A" else "B") + good[21:]),
        "cut": creds(good[:30]),
        "not base32": creds("1" * 58),
        "of an account": creds(seed_of(key, b"\x90\x00")),
        "no jwt": creds(good).replace("USER JWT", "x"),
    }


@pytest.mark.parametrize("what", spoiled())
def test_credentials_that_are_none_are_said_to_be(tmp_path: Path, what: str) -> None:
    """Nothing of their content is shown."""
    path = tmp_path / "web.creds"
    path.write_text(spoiled()[what])
    with pytest.raises(NoConnection) as caught:
        read_credentials(path)
    assert str(caught.value).startswith(f"credentials_file: {path}: not what it should be: expected a .creds file")


def test_credentials_that_are_missing_are_named() -> None:
    """With what is expected."""
    with pytest.raises(NoConnection, match="credentials_file: /no/such: no such file or directory"):
        read_credentials(Path("/no/such"))
