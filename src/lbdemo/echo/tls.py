"""Certificates for the server and the client, from files that may be renewed while they run.

gRPC is imported where it is used: who starts several clients knows of certificates, too, and makes no calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lbdemo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import grpc

Version = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class ServerTls:
    """PEM files: the server's certificate (with those that lead to the CA) and key; `client_ca` must sign clients'."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All that must be read."""
        return (self.certificate, self.key, *([self.client_ca] if self.client_ca else []))


@dataclass(frozen=True, slots=True)
class ClientTls:
    """PEM files: `ca` signs servers' certificates (None: gRPC's own list), `certificate` and `key` are the client's."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All that must be read."""
        return tuple(path for path in (self.ca, self.certificate, self.key) if path)


def server_tls(certificate: str, key: str, client_ca: str) -> ServerTls | None:
    """What was typed; None for nothing. Raises InputError for half a pair, or for what cannot be read."""
    if not certificate and not key and not client_ca:
        return None
    if not certificate or not key:
        raise InputError("TLS needs a certificate and its key", "give both --tls-cert FILE and --tls-key FILE")
    tls = ServerTls(Path(certificate), Path(key), Path(client_ca) if client_ca else None)
    check_pem(tls.files)
    if not belong_together(tls):
        raise InputError(f"{key} is not the key of {certificate}", "give the two files of one certificate")
    return tls


def client_tls(wanted: bool, ca: str, certificate: str, key: str) -> ClientTls | None:
    """What was typed; None for no TLS. Raises InputError for half a pair, or for what cannot be read."""
    if not wanted:
        if ca or certificate or key:
            raise InputError("--ca, --cert and --key are for calls with TLS", "add --tls")
        return None
    if bool(certificate) != bool(key):
        raise InputError("a client's certificate needs its key", "give both --cert FILE and --key FILE, or neither")
    tls = ClientTls(*(Path(name) if name else None for name in (ca, certificate, key)))
    check_pem(tls.files)
    return tls


def check_pem(files: Sequence[Path]) -> None:
    """Raises InputError for the first file that is none, or holds nothing in PEM: gRPC would say it at each call."""
    for path in files:
        try:
            held = path.read_bytes()
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror}", "name a file in PEM") from error
        if b"-----BEGIN " not in held:
            raise InputError(f"{path} holds no certificate or key in PEM", "it begins with -----BEGIN")


def server_credentials(tls: ServerTls) -> grpc.ServerCredentials:
    """What a server shows; looked at again at each handshake, so that renewed files count from the next connection."""
    import grpc

    renewed = Renewed(tls)
    fetch = cast("Callable[[], grpc.ServerCertificateConfiguration]", renewed)  # gRPC takes None for "as before"
    return grpc.dynamic_ssl_server_credentials(
        renewed.configuration(), fetch, require_client_authentication=tls.client_ca is not None
    )


class Renewed:
    """Says what is in the files when they have changed, and None otherwise. gRPC calls it from threads of its own.

    Files that cannot be read, or do not belong together (one of two was renewed so far), leave all as it was; the
    next handshake looks again.
    """

    def __init__(self, tls: ServerTls) -> None:
        self._tls = tls
        self._seen = version(tls.files)

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """What is in the files now."""
        import grpc

        pair = (self._tls.key.read_bytes(), self._tls.certificate.read_bytes())
        ca = self._tls.client_ca.read_bytes() if self._tls.client_ca else None
        return grpc.ssl_server_certificate_configuration([pair], root_certificates=ca)

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """What is in the files now, when that is new."""
        try:
            now = version(self._tls.files)
            if now == self._seen or not belong_together(self._tls):
                return None
            configuration = self.configuration()
        except OSError:
            return None
        self._seen = now
        return configuration


def belong_together(tls: ServerTls) -> bool:
    """Whether the key is the certificate's."""
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key)
    except (ssl.SSLError, ValueError):
        return False
    return True


def channel_credentials(tls: ClientTls) -> grpc.ChannelCredentials:
    """What a client trusts and shows, as it is in the files now."""
    import grpc

    ca, certificate, key = (path.read_bytes() if path else None for path in (tls.ca, tls.certificate, tls.key))
    return grpc.ssl_channel_credentials(root_certificates=ca, private_key=key, certificate_chain=certificate)


def version(files: Sequence[Path]) -> Version:
    """What changes when one of the files is written or replaced, also behind a link as Kubernetes renews secrets."""
    return tuple((stat.st_mtime_ns, stat.st_ino, stat.st_size) for stat in (path.stat() for path in files))
