"""What TLS is told of who the other side is, and who we are: anew for each connection, so that files may be renewed."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from daemoneye.forwarding.line import NoConnection
from daemoneye.sanitize.hostile import printable

if TYPE_CHECKING:
    from pathlib import Path

    from daemoneye.settings.outputs import TLS


def client_context(tls: TLS) -> ssl.SSLContext:
    """Check the receiver's certificate and its name, always; show our own certificate where there is one."""
    for key in ("ca_file", "cert_file", "key_file"):
        _demand_readable(key, getattr(tls, key))
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if tls.cert_file:
            # without an answer OpenSSL would ask for the password of a locked key on the terminal
            context.load_cert_chain(tls.cert_file, tls.key_file, password=lambda: b"")
    except (OSError, ValueError) as error:
        files = ", ".join(printable(str(path)) for path in (tls.ca_file, tls.cert_file, tls.key_file) if path)
        raise NoConnection(f"{files}: {_reason(error)}: expected certificates and an unlocked key, PEM") from None
    return context


def _demand_readable(key: str, path: Path | None) -> None:
    """OpenSSL would not say which of them it was."""
    if path is None:
        return
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        found = (error.strerror or "unreadable").lower()
        raise NoConnection(
            f"tls.{key}: {printable(str(path))}: {found}: expected a file that uid {os.geteuid()} may read"
        ) from None


def _reason(error: Exception) -> str:
    return (getattr(error, "reason", None) or str(error)).lower()


def why(error: BaseException) -> str:
    """What a status line says of it; whatever the other side had a hand in is made fit to be shown."""
    match error:
        case ssl.SSLCertVerificationError():
            return printable(f"the receiver's certificate: {error.verify_message}", 200)
        case ssl.SSLError():
            return printable(f"tls: {_reason(error).replace('_', ' ')}", 200)
        case TimeoutError():
            return "no answer in time"
        case OSError():
            return printable((error.strerror or str(error) or type(error).__name__).lower(), 200)
    return printable(str(error) or type(error).__name__, 200)
