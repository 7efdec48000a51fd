// One way: its verdict, its figures, its answers, its shares, its failures.

import { CALLS_FOR_P99 } from "../calls/histogram";
import type { Outcome } from "../measure/judge";
import type { Lane, Page } from "../model/page";
import { Grid } from "./grid";
import { sign } from "./palette";
import { Shares } from "./shares";
import { Streams } from "./streams";
import { because, clock, count, latency, number } from "./words";

const SEEN = "as seen from the browser";

export function WayView({ lane, page }: { readonly lane: Lane; readonly page: Page }) {
  const { model } = lane;
  const id = `way-${model.way.name}`;
  const streaming = page.settings.mode === "stream";
  return (
    <section class="way" aria-labelledby={id} data-way={model.way.name}>
      <h2 id={id}>{model.way.label}</h2>
      {streaming && !model.calls ? <Streaming /> : <Said lane={lane} page={page} />}
      <Figures lane={lane} streaming={streaming} />
      <div class="answers">
        {streaming ? (
          <Streams watcher={lane.watcher} pods={page.pods} />
        ) : (
          <Grid
            answers={model.cells}
            cells={page.settings.cells}
            label={described(lane)}
            traceAt={page.told.traces === null ? null : (back) => link(page, model.traceAt(back))}
          />
        )}
        {!streaming && page.told.traces !== null && (
          <LastTrace href={link(page, model.traceAt(0))} all={page.told.traces} />
        )}
      </div>
      <div class="spread">
        <Spread lane={lane} page={page} />
        <FailuresView lane={lane} />
      </div>
    </section>
  );
}

/** Where a trace is shown; "" for none. */
function link(page: Page, trace: string): string {
  return trace && `${page.told.traces}${trace}`;
}

/** The same way to a trace for who points at no square. */
function LastTrace({ href, all }: { readonly href: string; readonly all: string }) {
  return (
    <p class="quiet">
      Each square leads to its trace
      {href && (
        <>
          ;{" "}
          <a href={href} target="_blank" rel="noopener">
            that of the last answer
          </a>
        </>
      )}
      ;{" "}
      <a href={all} target="_blank" rel="noopener">
        all of them, and who calls whom
      </a>
    </p>
  );
}

/** The verdict in a word or two. */
export function headline(lane: Lane): string {
  const { said } = lane.model.trial;
  if (!said) {
    return "no verdict yet";
  }
  const { outcome } = said.verdict;
  return `${outcome}${outcome === "INCONCLUSIVE" ? "" : ","} ${kept(outcome, lane.model.way.expects)}`;
}

/** What is said after an outcome, where another one may be expected. */
function kept(outcome: Outcome, expects: string): string {
  if (outcome === "INCONCLUSIVE") {
    return "so far";
  }
  return outcome === expects ? "as expected" : `${expects} expected`;
}

/** In the place of a verdict where only streams have been opened. */
function Streaming() {
  return <p class="because">A stream is one call, however much is answered on it: streams are not judged.</p>;
}

function Said({ lane, page }: { readonly lane: Lane; readonly page: Page }) {
  const { trial, way } = lane.model;
  const { said, filled } = trial;
  const outcome = said?.verdict.outcome;
  const tone = outcome === way.expects ? "good" : outcome && outcome !== "INCONCLUSIVE" ? "bad" : "open";
  const mark = { good: "✓ ", bad: "✗ ", open: "" }[tone];
  return (
    <div class={said && !said.fresh ? "said stale" : "said"}>
      <p class="verdict">
        <strong class="badge" data-outcome={outcome ?? ""}>
          {outcome ?? "…"}
        </strong>{" "}
        <span class={tone}>
          <span aria-hidden="true">{mark}</span>
          {outcome ? kept(outcome, way.expects) : "no verdict yet"}
        </span>
      </p>
      <p class="because">{said ? because(said.verdict, page.told.tolerance) : waiting(lane)}</p>
      <p class="quiet">
        {said && !said.fresh ? "Servers came or went since: the calls are counted anew. " : ""}
        {page.settings.mode === "stream" ? "Streams are not judged: only calls one by one are. " : ""}
        {filled.size ? `Block: ${number(filled.back)} of ${count(filled.size, "call")}.` : "Looking for all servers."}
      </p>
    </div>
  );
}

function waiting(lane: Lane): string {
  return lane.model.calls ? "Too few calls for a first look." : "No call has come back yet.";
}

function Figures({ lane, streaming }: { readonly lane: Lane; readonly streaming: boolean }) {
  const { rate, latencies, calls } = lane.model;
  const { p50, p99 } = latencies.quantiles();
  const perSecond = rate.perSecond(performance.now());
  return (
    <dl class="figures">
      <Figure name={streaming ? "answers/s" : "calls/s"} value={perSecond === null ? "–" : perSecond.toFixed(1)} />
      {(calls > 0 || !streaming) && (
        <>
          <Figure name="calls" value={number(calls)} />
          <Figure name="p50" value={latency(p50)} hint={SEEN} />
          <Figure name="p99" value={latency(p99)} hint={p99 === null ? `from ${CALLS_FOR_P99} calls on` : SEEN} />
        </>
      )}
    </dl>
  );
}

function Figure({ name, value, hint }: { readonly name: string; readonly value: string; readonly hint?: string }) {
  return (
    <div>
      <dt>
        {name}
        {hint && <span class="hint"> {hint}</span>}
      </dt>
      <dd>{value}</dd>
    </div>
  );
}

function Spread({ lane, page }: { readonly lane: Lane; readonly page: Page }) {
  const verdict = lane.model.running ?? lane.model.trial.said?.verdict;
  if (!verdict && page.settings.mode === "stream") {
    return null;
  }
  if (!verdict) {
    return <p class="quiet">Shares come with the first answers.</p>;
  }
  const { presence } = lane.model;
  return (
    <>
      <h3>Shares in this block</h3>
      <Shares
        shares={verdict.shares}
        pods={page.pods}
        tolerance={page.told.tolerance}
        silent={(pod) => presence.isSilent(pod)}
      />
      <p class="quiet legend">
        Dashes: the fair share, in a band of {page.told.tolerance * 100} % of it. Line: what these calls leave open.
      </p>
    </>
  );
}

function FailuresView({ lane }: { readonly lane: Lane }) {
  const { failures } = lane.model;
  if (!failures.length) {
    return null;
  }
  return (
    <div class="failing">
      <h3>Failures</h3>
      <ul class="failures">
        {failures.map(({ code, calls, last, at }) => (
          <li key={code}>
            <span class="letter failed">{sign(code)}</span> <code>{code}</code> {number(calls)}
            <span class="quiet">
              {" "}
              since the page was opened, the last at {clock(at)}: {last.text || "nothing was said"}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The grid for who does not see it. */
function described(lane: Lane): string {
  const shares = lane.model.running?.shares ?? [];
  const told = shares
    .filter((share) => share.calls)
    .map((share) => `${share.server} ${Math.round(share.share * 100)} %`);
  return `The last answers, each coloured by its pod: ${told.join(", ") || "none yet"}`;
}
