"""TLS with certificates made for the test: names, both sides' certificates, renewal, and the end of a server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
import trustme
from echo_server import administered, lbdemo, running

from lbdemo.echo.channel import open_channel
from lbdemo.echo.connections import Connections
from lbdemo.echo.faults import Faults
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.peer import read_stats
from lbdemo.echo.tls import ClientTls, Renewed, ServerTls, client_tls, server_tls, version
from lbdemo.errors import InputError
from lbdemo.records import Sample

if TYPE_CHECKING:
    from pathlib import Path

    from lbdemo.echo.server import EchoServer


@dataclass(frozen=True)
class Files:
    """A CA of the test's own, and certificates that it signed."""

    folder: Path
    authority: trustme.CA

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def issue(self, file: str, *names: str) -> tuple[Path, Path]:
        """The certificate's file and its key's."""
        issued = self.authority.issue_cert(*names)
        certificate, key = self.folder / f"{file}.crt", self.folder / f"{file}.key"
        issued.cert_chain_pems[0].write_to_path(certificate)
        issued.private_key_pem.write_to_path(key)
        return certificate, key


@pytest.fixture
def files(tmp_path: Path) -> Files:
    made = Files(tmp_path, trustme.CA())
    made.authority.cert_pem.write_to_path(made.ca)
    return made


def to(server: EchoServer, tls: ClientTls | None, **more: object) -> LoadOptions:
    options = LoadOptions(f"localhost:{server.address.port}", interval=0, count=1, timeout=5, tls=tls)
    return replace(options, **more)  # type: ignore[arg-type]


async def calls(options: LoadOptions) -> list[Sample]:
    samples: list[Sample] = []
    await run_load(options, samples.append)
    return samples


def codes(server: ServerTls, *options: tuple[ClientTls | None, str]) -> list[str]:
    """How one call ends with each of these: what the client has, and the name that it calls."""

    async def story() -> list[str]:
        async with running(tls=server) as there:
            return [(await calls(to(there, tls, authority=name)))[0].code for tls, name in options]

    return asyncio.run(story())


def test_calls_with_tls_are_answered_and_calls_without_are_not(files: Files) -> None:
    server = ServerTls(*files.issue("server", "localhost"))

    assert codes(server, (ClientTls(files.ca), ""), (None, "")) == ["OK", "UNAVAILABLE"]


def test_a_server_whose_certificate_nobody_trusted_signed_is_not_called(files: Files, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)

    assert codes(ServerTls(*files.issue("server", "localhost")), (ClientTls(other), "")) == ["UNAVAILABLE"]


def test_the_name_that_counts_is_the_authority_where_one_is_given(files: Files) -> None:
    server, trusts = ServerTls(*files.issue("server", "echo.example")), ClientTls(files.ca)

    assert codes(server, (trusts, ""), (trusts, "echo.example"), (trusts, "other.example")) == [
        "UNAVAILABLE", "OK", "UNAVAILABLE",
    ]  # fmt: skip


def test_a_server_that_wants_to_know_its_clients_answers_no_others(files: Files) -> None:
    server = ServerTls(*files.issue("server", "localhost"), client_ca=files.ca)
    known = ClientTls(files.ca, *files.issue("client", "client.example"))

    assert codes(server, (ClientTls(files.ca), ""), (known, "")) == ["UNAVAILABLE", "OK"]


def test_a_renewed_certificate_counts_from_the_next_connection(files: Files) -> None:
    async def story() -> list[str]:
        async with running(tls=ServerTls(*files.issue("server", "before.example"))) as there:
            before = await calls(to(there, ClientTls(files.ca), authority="before.example"))
            files.issue("server", "after.example")
            after = await calls(to(there, ClientTls(files.ca), authority="after.example"))
            return [sample.code for sample in (*before, *after)]

    assert asyncio.run(story()) == ["OK", "OK"]


def test_half_a_renewal_changes_nothing_and_the_other_half_completes_it(files: Files) -> None:
    certificate, key = files.issue("server", "localhost")
    renewed = Renewed(ServerTls(certificate, key))
    new_certificate, new_key = files.issue("new", "localhost")

    new_certificate.replace(certificate)
    half = renewed()
    new_key.replace(key)
    whole, again = renewed(), renewed()

    assert half is None
    assert whole is not None
    assert again is None, "nothing is new any more"


def test_a_file_that_is_away_for_a_moment_changes_nothing(files: Files) -> None:
    certificate, key = files.issue("server", "localhost")
    renewed = Renewed(ServerTls(certificate, key))

    key.unlink()

    assert renewed() is None


def test_a_client_whose_certificates_are_renewed_calls_on_with_the_new_ones(files: Files, tmp_path: Path) -> None:
    async def story() -> list[Sample]:
        old, new = trustme.CA(), files.authority
        trusted = tmp_path / "trusted.pem"
        old.cert_pem.write_to_path(trusted)
        samples, stop = list[Sample](), asyncio.Event()

        def note(sample: Sample) -> None:
            samples.append(sample)
            if sample.ok:
                stop.set()

        async with running(tls=ServerTls(*files.issue("server", "localhost"))) as there:
            options = to(there, ClientTls(trusted), interval=0.1, count=0)
            calling = asyncio.create_task(run_load(options, note, stop))
            async with asyncio.timeout(20):
                while not samples:
                    await asyncio.sleep(0.05)
                new.cert_pem.write_to_path(trusted)
                await calling
        return samples

    samples = asyncio.run(story())

    assert (samples[0].code, samples[-1].code) == ("UNAVAILABLE", "OK")


def test_a_call_in_flight_is_answered_though_the_certificates_are_renewed_meanwhile(files: Files) -> None:
    async def story() -> list[Sample]:
        async with running(tls=ServerTls(*files.issue("server", "localhost"))) as there:
            there.service.set_faults(Faults(500))
            opened = Connections(to(there, ClientTls(files.ca), timeout=20, run="run"), open_channel, 0, 1)
            before, watching = opened.channels, asyncio.create_task(opened.watch(0.02))
            calling = asyncio.create_task(opened.callers[0].call(0, time.monotonic(), gate=False))
            async with asyncio.timeout(20):
                while not there.service.stats.of("run").received:
                    await asyncio.sleep(0.01)
                files.ca.write_bytes(files.ca.read_bytes())
                while opened.channels is before:
                    await asyncio.sleep(0.01)
                sample = await calling
            watching.cancel()
            await opened.close()
            return [sample]

    assert [sample.code for sample in asyncio.run(story())] == ["OK"]


def test_files_that_are_away_are_looked_for_again_and_what_is_not_new_changes_nothing(files: Files) -> None:
    async def story() -> bool:
        held = files.ca.read_bytes()
        opened = Connections(LoadOptions(tls=ClientTls(files.ca)), open_channel, 0, 1)
        before, watching = opened.channels, asyncio.create_task(opened.watch(0.01))
        files.ca.unlink()
        await asyncio.sleep(0.1)
        files.ca.write_bytes(held)
        async with asyncio.timeout(20):
            while opened.channels is before:
                await asyncio.sleep(0.01)
        after = opened.channels
        await asyncio.sleep(0.1)
        watching.cancel()
        await opened.close()
        return opened.channels is after

    assert asyncio.run(story())


def test_a_file_of_the_same_length_is_another_version(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_text("one")
    other.write_text("two")
    before = version([path])

    other.replace(path)

    assert version([path]) != before


def test_a_server_ends_in_good_order_under_tls_too(files: Files) -> None:
    async def story() -> tuple[list[Sample], set[str]]:
        tls = ServerTls(*files.issue("server", "localhost"))
        async with running("leaves", tls=tls) as leaves, running("stays", tls=tls) as stays:
            samples, stop = list[Sample](), asyncio.Event()
            options = to(
                leaves, ClientTls(files.ca), target=f"ipv4:{leaves.address},{stays.address}", authority="localhost",
                count=0, policy="round_robin", connections=10, concurrency=30, retry=True,
            )  # fmt: skip
            calling = asyncio.create_task(run_load(options, samples.append, stop))
            async with asyncio.timeout(30):
                while len(samples) < 200:
                    await asyncio.sleep(0.02)
                await leaves.drain(lead=0.1)
                stop.set()
                await calling
            return samples, {sample.server for sample in samples}

    samples, servers = asyncio.run(story())

    assert {sample.code for sample in samples} == {"OK"}
    assert servers == {"leaves", "stays"}


def test_the_commands_speak_tls_and_the_owners_port_does_not(files: Files) -> None:
    certificate, key = files.issue("server", "echo.example")
    options = ("--tls-cert", str(certificate), "--tls-key", str(key), "--name", "pod-a", "--drain", "0")

    with administered(*options) as (_, address, admin):
        tls = ("--tls", "--ca", str(files.ca), "--authority", "echo.example")
        with lbdemo("client", "--target", address, "--rate", "0", "--count", "3", *tls) as called:
            called.communicate(timeout=30)
        counted = read_stats(admin).answered

    assert (called.returncode, counted) == (0, 3)


def test_what_does_not_go_together_is_refused(files: Files, tmp_path: Path) -> None:
    (certificate, key), (_, other_key) = files.issue("server", "localhost"), files.issue("other", "localhost")
    empty = tmp_path / "empty"
    empty.touch()

    for wrong in (
        (str(certificate), "", ""), ("", str(key), ""), ("", "", str(files.ca)), (str(certificate), str(other_key), ""),
        ("/nowhere", str(key), ""), (str(certificate), str(empty), ""),
    ):  # fmt: skip
        with pytest.raises(InputError):
            server_tls(*wrong)
    for asked in ((False, str(files.ca), "", ""), (True, "", str(certificate), ""),
                  (True, "/nowhere", "", ""), (True, str(empty), "", "")):  # fmt: skip
        with pytest.raises(InputError):
            client_tls(*asked)


def test_nothing_typed_is_no_tls() -> None:
    assert server_tls("", "", "") is None
    assert client_tls(False, "", "", "") is None
    assert client_tls(True, "", "", "") == ClientTls()
