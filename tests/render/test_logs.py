"""Log lines as people and programs want them."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from fakes import FakeClock
from rich.console import Console

from lbdemo.records import Sample, encode
from lbdemo.render.live_logs import LiveLines, LiveSamples
from lbdemo.render.logs import (
    COLOURS,
    JsonLines,
    LogLines,
    PlainLines,
    PlainSamples,
    PodColours,
    RawLines,
    Sentences,
    clock,
)

STAMP = "2026-01-02T03:04:05.000000000Z"
SAMPLE = Sample(7, 1_700_000_000.0, 1_700_000_000.0, 0.0005, "echo-server-a", "OK")
FAILED = replace(SAMPLE, seq=8, server="", code="UNAVAILABLE")
POD = "echo-client-5f-x2b1k"


def block(*texts: str | bytes) -> bytes:
    lines = (text if isinstance(text, bytes) else text.encode() for text in texts)
    return b"".join(STAMP.encode() + b" " + line + b"\n" for line in lines)


def written(kind: type[LogLines], *texts: str | bytes, **further: bool) -> bytes:
    out = io.BytesIO()
    sink = kind(out, io.StringIO(), **further)
    sink.lines(POD, block(*texts))
    sink.refresh()
    return out.getvalue()


def test_raw_lines_are_what_the_pod_wrote_byte_for_byte() -> None:
    odd = b"a\x1b[31m\xff \t\r"

    assert written(RawLines, odd, "", encode(SAMPLE)) == odd + b"\n\n" + encode(SAMPLE).encode() + b"\n"


def test_plain_lines_have_the_pods_name_before_them() -> None:
    assert written(PlainLines, "one", "").decode() == f"{POD} │ one\n{POD} │ \n"


def test_in_a_pipe_nothing_is_taken_from_a_line() -> None:
    assert written(PlainLines, b"\x1b[31mred\xff").endswith(b"\x1b[31mred\xff\n")


@pytest.mark.parametrize("kind", [PlainLines, PlainSamples])
def test_a_line_cannot_steer_the_terminal(kind: type[LogLines]) -> None:
    nasty = "\x1b[2J\x1b]0;title\x07a\rb\x00c\x1b[31md\x1b(0e\x9b2Jf"

    shown = written(kind, nasty, terminal=True).decode()

    assert not {c for c in shown if not c.isprintable()} - {"\n"}
    assert "abcd" in shown
    assert "title" not in shown


def test_colour_is_before_the_bar_only_and_only_when_asked_for() -> None:
    coloured = written(PlainLines, "one", colour=True).decode()

    assert coloured.startswith("\x1b[")
    assert coloured.endswith("\x1b[0m │ one\n")
    assert b"\x1b" not in written(PlainLines, "one", terminal=True)


def test_a_clients_sample_is_a_sentence() -> None:
    shown = written(PlainSamples, encode(SAMPLE), encode(FAILED)).decode().splitlines()

    assert shown[0].startswith(f"{POD} │ ")
    assert shown[0].split(" │ ")[1].split() == [shown[0].split()[2], "7", "echo-server-a", "500", "µs"]
    assert shown[1].endswith("nobody  500 µs  UNAVAILABLE")


def test_what_is_no_sample_stays_what_it_is() -> None:
    texts = ["connecting", '{"v":1}', '{"v":1,"seq":']

    assert written(PlainSamples, *texts).decode() == "".join(f"{POD} │ {text}\n" for text in texts)


def test_a_sentence_shows_the_time_of_each_sample() -> None:
    sentence = Sentences()

    clocks = {sentence(replace(SAMPLE, sent=SAMPLE.sent + seconds)).split()[0] for seconds in (0, 0.5, 1, 61)}

    assert len(clocks) == 3
    assert clock(1e30) == "--:--:--"


def test_a_sentence_has_no_control_characters_of_a_servers_making() -> None:
    nasty = replace(SAMPLE, server="a\x1b[2Jb\n", code="NO\x07")

    assert Sentences()(nasty).isprintable()


def test_json_has_a_sample_with_its_pod() -> None:
    shown = json.loads(written(JsonLines, f"{encode(SAMPLE)} "))

    assert shown == json.loads(encode(SAMPLE)) | {"pod": POD}


@pytest.mark.parametrize("text", ['say "hi"\\', "{", '{"v":1}', "", 'é\x07 \x1b["'])
def test_json_has_any_other_line_as_text_with_pod_and_time(text: str) -> None:
    shown = written(JsonLines, text)

    assert shown.isascii()
    assert json.loads(shown) == {"pod": POD, "time": STAMP, "text": text}


def test_json_survives_bytes_that_are_no_text() -> None:
    assert json.loads(written(JsonLines, b"\xff\xfe"))["text"] == "��"


def test_lines_wait_for_the_next_refresh_and_are_written_once() -> None:
    out = io.BytesIO()
    sink = RawLines(out, io.StringIO())

    sink.lines(POD, block("one"))
    before = out.getvalue()
    sink.lines(POD, block("two"))
    sink.refresh()
    sink.refresh()

    assert before == b""
    assert out.getvalue() == b"one\ntwo\n"


def test_notes_are_no_lines() -> None:
    out, err = io.BytesIO(), io.StringIO()
    sink = PlainLines(out, err)

    sink.note("+ pod\x1b[2J")
    sink.close()

    assert out.getvalue() == b""
    assert err.getvalue() == "+ pod�[2J\n"


def test_a_client_is_summed_up_by_its_servers_shares() -> None:
    sink = PlainSamples(io.BytesIO(), io.StringIO())
    sink.lines(POD, block(encode(SAMPLE), encode(replace(SAMPLE, server="b")), encode(FAILED), "hello"))

    assert sink.summary() == ("3 calls, 1 failed (UNAVAILABLE 1); b 50.0 % and echo-server-a 50.0 %; 1 other line")


def test_other_lines_are_summed_up_by_their_number() -> None:
    sink = RawLines(io.BytesIO(), io.StringIO())
    sink.lines("a", block("one", "two"))
    sink.lines("b", block("three"))

    assert sink.summary() == "3 lines from 2 pods"


def test_a_pod_has_the_same_colour_each_time_and_another_than_its_neighbours() -> None:
    names = [f"echo-client-{number}" for number in range(len(COLOURS))]
    colours = PodColours()

    given = [colours[name] for name in names]

    assert sorted(given) == sorted(COLOURS)
    assert [colours[name] for name in names] == given
    assert PodColours()[names[0]] == given[0]
    assert colours["one more"] in COLOURS


class Terminal:
    """A terminal of so many cells, and what was written to it since the last look."""

    def __init__(self, width: int = 80, height: int = 24) -> None:
        self.file = io.StringIO()
        self.console = Console(file=self.file, width=width, height=height, force_terminal=True, color_system="standard")

    def text(self) -> str:
        """With its escape sequences."""
        shown = self.file.getvalue()
        self.file.seek(0)
        self.file.truncate()
        return shown

    def lines(self) -> list[str]:
        """Without them."""
        plain = Console(file=io.StringIO(), width=400, no_color=True)
        from rich.text import Text

        with plain.capture() as capture:
            plain.print(Text.from_ansi(self.text()), soft_wrap=True)
        return capture.get().splitlines()


def live(terminal: Terminal, kind: type[LiveLines] = LiveSamples, step: float = 1.0) -> LiveLines:
    return kind(terminal.console, "echo-client", FakeClock(step))


def samples(count: int, server: str = "echo-server-a") -> bytes:
    return block(
        *(encode(replace(SAMPLE, seq=seq, server=server, due=seq / 10, sent=seq / 10)) for seq in range(count))
    )


def test_lines_and_the_panel_with_each_servers_share_are_shown() -> None:
    terminal = Terminal()
    sink = live(terminal)

    sink.lines(POD, samples(3))
    sink.lines(POD, samples(1, "echo-server-b"))
    sink.refresh()

    shown = terminal.lines()
    assert next(line for line in shown if "│" in line).startswith("5f-x2b1k │ ")
    assert len([line for line in shown if "│" in line]) == 4
    heading = next(line for line in shown if line.startswith("echo-client"))
    assert "1 pod  4 calls" in heading
    bars = [line.split() for line in shown if "%" in line]
    assert [(bar[0], bar[-3], bar[-2]) for bar in bars] == [
        ("echo-server-a", "3", "75.0"),
        ("echo-server-b", "1", "25.0"),
    ]


def test_what_cannot_be_shown_is_counted() -> None:
    terminal = Terminal()
    sink = live(terminal)

    sink.lines(POD, samples(5000))
    sink.refresh()

    shown = terminal.lines()
    lines = [line for line in shown if "│" in line]
    more = next(line for line in shown if "more line" in line)
    assert len(lines) < 24
    assert more == f"… {5000 - len(lines):,} more lines"
    assert " 4999 " in lines[-1]
    assert any("5,000 calls" in line for line in shown)


def test_lines_are_counted_once_only() -> None:
    terminal = Terminal()
    sink = live(terminal)
    sink.lines(POD, samples(5000))
    sink.refresh()
    terminal.text()

    sink.lines(POD, samples(2))
    sink.refresh()

    assert not any("more line" in line for line in terminal.lines())


def test_a_note_is_shown_however_many_lines_there_are() -> None:
    terminal = Terminal()
    sink = live(terminal)

    sink.note("+ echo-client-5f-new")
    sink.lines(POD, samples(5000))
    sink.refresh()

    assert "+ echo-client-5f-new" in terminal.lines()


def test_it_draws_ten_times_a_second_at_most_and_the_rest_at_the_end() -> None:
    terminal = Terminal()
    sink = live(terminal, step=0.01)
    sink.lines(POD, samples(1))
    sink.refresh()
    terminal.text()

    sink.lines(POD, samples(2))
    sink.refresh()
    early = terminal.text()
    sink.close()

    assert early == ""
    assert "3 calls" in terminal.text()


def test_no_line_of_the_panel_reaches_the_last_column() -> None:
    terminal = Terminal(width=40)
    sink = live(terminal)

    sink.lines(POD, samples(1, "echo-server-7c9f8d6b5-x2b1k"))
    sink.refresh()

    panel = [line for line in terminal.lines() if "│" not in line]
    assert max(map(len, panel)) < 40


def test_the_panel_is_replaced_not_repeated() -> None:
    terminal = Terminal()
    sink = live(terminal)
    sink.lines(POD, samples(1))
    sink.refresh()
    terminal.text()

    sink.refresh()

    assert terminal.text().startswith("\r\x1b[2A\x1b[J"), "two rows up: the heading and one bar"


def test_a_narrower_terminal_has_broken_the_panels_lines() -> None:
    terminal = Terminal(width=80)
    sink = live(terminal)
    sink.lines(POD, samples(1))
    sink.refresh()
    terminal.text()

    terminal.console.width = 40
    sink.refresh()

    assert terminal.text().startswith("\r\x1b[4A\x1b[J")


def test_more_servers_than_rows_share_the_last_one() -> None:
    terminal = Terminal(height=10)
    sink = live(terminal)

    for number in range(30):
        sink.lines(POD, samples(1, f"server-{number:02}"))
    sink.refresh()

    bars = [line for line in terminal.lines() if "%" in line]
    assert len(bars) == 5
    assert bars[-1].split()[0] == "(26"
    assert bars[-1].split()[-3] == "26"


def test_the_rate_is_that_of_the_calls_not_that_of_the_reading() -> None:
    terminal = Terminal()
    sink = live(terminal)

    sink.lines(POD, samples(1000))
    sink.refresh()

    assert any("  10/s" in line for line in terminal.lines())


def test_the_cursor_comes_back() -> None:
    terminal = Terminal()

    live(terminal).close()

    shown = terminal.text()
    assert shown.rindex("\x1b[?25h") > shown.index("\x1b[?25l")


def test_any_pods_lines_are_shown_and_counted() -> None:
    terminal = Terminal()
    sink = live(terminal, LiveLines)

    sink.lines(POD, block("\x1b[2Jone", *["x"] * 999))
    sink.refresh()

    shown = terminal.lines()
    assert any(line.startswith("… ") for line in shown)
    assert "echo-client  1 pod  1,000 lines" in shown
    assert sink.summary() == "1,000 lines from 1 pod"
