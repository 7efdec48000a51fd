"""Certificates for the servers of the demonstration: made for one run, in a folder that goes with it."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lbdemo.errors import MissingProgramError
from lbdemo.local.extra import INSTALL

HOST = "localhost"
"""The name that the servers' certificate bears: clients ask for it, whatever the address that they call."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: the CA that a client trusts, the servers' certificate and its key."""

    ca: Path
    certificate: Path
    key: Path


def check_available() -> None:
    """Raises MissingProgramError where no certificates can be made."""
    if importlib.util.find_spec("trustme") is None:
        raise MissingProgramError("certificates cannot be made here: the package trustme is missing", INSTALL)


@contextmanager
def certificates(wanted: bool) -> Iterator[Certificates | None]:
    """A CA of nobody's and a certificate that it signs; None where none is wanted."""
    if not wanted:
        yield None
        return
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert(HOST)
    with tempfile.TemporaryDirectory(prefix="lbdemo-") as folder:
        made = Certificates(*(Path(folder) / name for name in ("ca.pem", "server.crt", "server.key")))
        authority.cert_pem.write_to_path(made.ca)
        issued.cert_chain_pems[0].write_to_path(made.certificate)
        issued.private_key_pem.write_to_path(made.key)
        yield made
