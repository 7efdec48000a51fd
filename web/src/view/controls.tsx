// What a person sets.

import type { Page } from "../model/page";
import { CELLS, CONCURRENCIES, INTERVALS, RATES, type Settings, STREAMS } from "../model/settings";
import { number } from "./words";

type Props = { readonly page: Page; readonly onSet: (change: Partial<Settings>) => void };

export function Controls({ page, onSet }: Props) {
  const { settings } = page;
  const streaming = settings.mode === "stream";
  return (
    <section class="controls" aria-label="Calls">
      <button
        type="button"
        class="main"
        aria-pressed={settings.paused}
        onClick={() => onSet({ paused: !settings.paused })}
      >
        {settings.paused ? "Go on" : "Pause"}
      </button>
      <fieldset class="mode">
        <legend>Kind of call</legend>
        {(["unary", "stream"] as const).map((mode) => (
          <label key={mode}>
            <input type="radio" name="mode" checked={settings.mode === mode} onChange={() => onSet({ mode })} /> {mode}
          </label>
        ))}
      </fieldset>
      {streaming ? (
        <>
          <Choice
            name="streams a way"
            of={STREAMS}
            value={settings.streams}
            onChange={(streams) => onSet({ streams })}
          />
          <Choice
            name="ms between answers"
            of={INTERVALS}
            value={settings.interval}
            onChange={(interval) => onSet({ interval })}
          />
        </>
      ) : (
        <>
          <Choice name="calls/s a way" of={RATES} value={settings.rate} onChange={(rate) => onSet({ rate })} />
          <Choice
            name="in flight a way"
            of={CONCURRENCIES}
            value={settings.concurrency}
            onChange={(concurrency) => onSet({ concurrency })}
          />
          <Choice name="answers shown" of={CELLS} value={settings.cells} onChange={(cells) => onSet({ cells })} />
        </>
      )}
      <p class="quiet state">{state(page)}</p>
    </section>
  );
}

function state(page: Page): string {
  if (page.hidden) {
    return "Paused while nobody sees the page.";
  }
  return page.settings.paused ? "Paused." : "Calls are being made.";
}

type ChoiceProps = {
  readonly name: string;
  readonly of: readonly number[];
  readonly value: number;
  readonly onChange: (value: number) => void;
};

function Choice({ name, of, value, onChange }: ChoiceProps) {
  return (
    <label class="choice">
      <span>{name}</span>
      <select value={String(value)} onChange={(event) => onChange(Number(event.currentTarget.value))}>
        {of.map((each) => (
          <option key={each} value={String(each)}>
            {number(each)}
          </option>
        ))}
      </select>
    </label>
  );
}
