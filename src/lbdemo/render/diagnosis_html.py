"""Diagnoses as one page that needs nothing else: the way of the calls with shares, the verdict, causes and remedies."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render.arrivals import Row, of_callers, of_nobody, of_others
from lbdemo.render.diagnosis import headline, matters, unseen_line
from lbdemo.render.flow_sentences import flow_reasons
from lbdemo.render.history_line import beside_line, history_line, window_words
from lbdemo.render.html import document
from lbdemo.render.tables import badge
from lbdemo.render.whose_calls import whose_calls
from lbdemo.words import count, number, percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

RECORD_ID = "lbdemo-diagnosis"


def page(records: Sequence[Record]) -> str:
    """The records as a page; the JSON in it is what `-o json` prints of each."""
    inside = f"<header><h1>lbdemo diagnose</h1></header>\n{''.join(map(_service, records))}"
    return document("lbdemo diagnose", inside, RECORD_ID, list(records))


def _service(record: Record) -> str:
    judged = record["verdict"]
    fine = not record["unwanted"] and not any(f["severity"] == "problem" for f in record["findings"])
    told = "".join(f"<p>{escape(each)}</p>" for each in (*flow_reasons(judged), *whose_calls(record)))
    about = (", about" if judged["about"] else "") + window_words(judged)
    told += f"<p>{escape(beside_line(judged['beside']))}</p>" if judged["beside"] else ""
    told += f"<p>history: {escape(history_line(record['history']))}</p>" if record["history"] else ""
    return f"""<section>
<h2>{escape(headline(record))}</h2>
{_picture(record)}
<p class="whole">{badge(judged["outcome"], ok=fine)}</p>
{told}<p class="quiet">by {escape(judged["source"] or "nobody")}{escape(about)}, {escape(record["made"])}</p>
{"".join(_finding(each, matters(each, record)) for each in record["findings"])}{_unseen(record)}</section>
"""


def _picture(record: Record) -> str:
    rows = "".join(map(_row, (*of_callers(record), *of_others(record), *of_nobody(record))))
    heads = "".join(f"<th scope='col'>{head}</th>" for head in ("caller", "way", "pod", "calls", "share"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(row: Row) -> str:
    calls = number(row.calls) if row.calls is not None else _connections(row.connections)
    state = f" ({row.state})" if row.state else ""
    cells = (escape(row.caller), escape(row.way), escape(row.pod + state), calls, _bar(row.share))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _connections(held: int | None) -> str:
    return "" if held is None else count(held, "connection")


def _bar(share: float | None) -> str:
    if share is None:
        return ""
    return f'<meter min="0" max="1" value="{share:.4f}">{percent(share)}</meter> {percent(share)}'


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


def _unseen(record: Record) -> str:
    told = [f"cannot tell {each['code']} {each['name']}: {each['because']}" for each in record["cannot_tell"]]
    told += [f"not seen: {unseen_line(each)}" for each in record["unseen"]]
    return "".join(f"<p class='quiet'>{escape(line)}</p>" for line in told)
