"""The demonstration's certificates: good for the servers' name, and gone with the run."""

from __future__ import annotations

import ssl
import sys

import pytest

from lbdemo.errors import MissingProgramError
from lbdemo.local.certificates import HOST, certificates, check_available


def test_the_certificate_is_its_keys_and_its_cas_and_goes_with_the_run() -> None:
    with certificates(wanted=True) as made:
        assert made is not None
        server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=made.ca)
        server.load_cert_chain(made.certificate, made.key)
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        here = client.wrap_bio(to_client, to_server, server_hostname=HOST)
        there = server.wrap_bio(to_server, to_client, server_side=True)
        for side in (here, there, here, there):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
        folder = made.ca.parent

    assert here.version() == "TLSv1.3"
    assert not folder.exists()


def test_none_is_made_where_none_is_wanted() -> None:
    with certificates(wanted=False) as made:
        assert made is None


def test_where_none_can_be_made_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(MissingProgramError, match="trustme is missing") as missing:
        check_available()

    assert "pip install 'lbdemo[local]'" in missing.value.hint
