"""Diagnoses as one page that needs nothing else: the way of the calls with shares, the verdict, causes and remedies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render.arrivals import Row, of_callers, of_fronts, of_nobody, of_others
from lbdemo.render.diagnosis import changes, headline, in_sum, matters, unseen_line
from lbdemo.render.diagnosis_line import missing_line
from lbdemo.render.flow_sentences import flow_reasons
from lbdemo.render.history_line import beside_line, history_line, source_words
from lbdemo.render.html import document
from lbdemo.render.tables import badge, table
from lbdemo.render.whose_calls import whose_calls
from lbdemo.words import count, listing, number, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

RECORD_ID = "lbdemo-diagnosis"


def page(records: Sequence[Record], missing: Sequence[Record] = ()) -> str:
    """The records as a page, and the services that could not be seen; the JSON in it is what `-o json` prints of each
    record."""
    lost = _paragraphs(map(missing_line, missing))
    inside = f"<header><h1>lbdemo diagnose</h1></header>\n{''.join(map(_service, records))}{lost}"
    return document("lbdemo diagnose", inside, RECORD_ID, list(records))


def _service(record: Record) -> str:
    judged = record["verdict"]
    told = (*flow_reasons(judged), *whose_calls(record), *_beside(record), *in_sum(record))
    source = f"by {source_words(judged)}, {record['made']}"
    return f"""<section>
<h2>{escape(headline(record))}</h2>
{_picture(record)}
<p class="whole">{_outcome(record)}</p>
{_paragraphs(told)}<p class="quiet">{escape(source)}</p>
{"".join(_finding(each, matters(each, record)) for each in record["findings"])}{_rest(record)}</section>
"""


def _outcome(record: Record) -> str:
    """The verdict in a frame; what nobody can tell is neither good nor bad."""
    outcome = record["verdict"]["outcome"]
    fine = not record["unwanted"] and not any(f["severity"] == "problem" for f in record["findings"])
    if fine and outcome == "INCONCLUSIVE":
        return f'<span class="badge found">{outcome}</span>'
    return badge(outcome, ok=fine)


def _beside(record: Record) -> Iterator[str]:
    """What a second source says, and what is known of before."""
    if record["verdict"]["beside"]:
        yield beside_line(record["verdict"]["beside"])
    if record["history"]:
        yield f"history: {history_line(record['history'])}"


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def _picture(record: Record) -> str:
    """A table for each caller, and one for the pods that get nothing, or whose callers nobody knows."""
    whole: list[tuple[str, list[Row]]] = []
    for row in (*of_fronts(record), *of_callers(record), *of_others(record)):
        if row.caller:
            whole.append((f"{row.caller} ── {row.way} ──>", []))
        whole[-1][1].append(row)
    rest = list(of_nobody(record))
    if rest:
        whole.append((_of_nobody(rest), rest))
    heads = ("pod", record["verdict"]["unit"], "share")
    return "".join(table("cards board", heads, map(_cells, rows), caption, heads[1:2]) for caption, rows in whole)


def _of_nobody(rows: Sequence[Row]) -> str:
    if any(row.calls for row in rows):
        return "whoever calls"
    return "called by nobody" if all(row.calls is not None for row in rows) else "called by nobody that could be seen"


def _cells(row: Row) -> tuple[str, str, str]:
    calls = number(row.calls) if row.calls is not None else _connections(row.connections)
    state = f" ({row.state})" if row.state else ""
    return escape(row.pod + state), calls, _bar(row.share)


def _connections(held: int | None) -> str:
    return "" if held is None else count(held, "connection")


def _bar(share: float | None) -> str:
    if share is None:
        return ""
    told = percent(share)
    return f'<span class="number"><meter min="0" max="1" value="{share:.4f}">{told}</meter> {told}</span>'


def _finding(finding: Record, weight: str) -> str:
    seen = "".join(f"<li>{escape(line['text'])} <span class='quiet'>{escape(line['source'])}</span></li>"
                   for line in finding["evidence"])  # fmt: skip
    possible = "possible: " if finding["possible"] else ""
    return f"""<h3>{escape(finding["code"])} {escape(possible + finding["sentence"])}</h3>
<p class="quiet">{escape(weight)} · {escape(finding["page"])}</p>
<ul>{seen}</ul>
{"".join(map(_fix, finding["fixes"]))}"""


def _fix(fix: Record) -> str:
    advice = f"<p>{escape(fix['advice'])}</p>" if fix["advice"] else ""
    commands = "\n".join(fix["commands"])
    undo = "\n".join(fix["undo"])
    return (
        f"<p><strong>{escape(fix['title'])}</strong></p>{advice}"
        + (f"<pre>{escape(commands)}</pre>" if commands else "")
        + (f"<details><summary>undo</summary><pre>{escape(undo)}</pre></details>" if undo else "")
    )


def _rest(record: Record) -> str:
    told = [f"cannot tell {each['code']} {each['name']}: {each['because']}" for each in record["cannot_tell"]]
    told += [f"not seen: {unseen_line(each)}" for each in record["unseen"]]
    told += [f"ignored: {listing(record['ignored'])}"] if record["ignored"] else []
    since = [text.plain for text in changes(record)] if "after" in record else []
    return _paragraphs(since) + "".join(f"<p class='quiet'>{escape(line)}</p>" for line in told)
