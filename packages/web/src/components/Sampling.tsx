// The sampling settings: four sliders and the seed.

import { useState } from "react";
import { parseTypedSeed, samplingSliders, settingOf } from "../views/sampling.ts";
import { useActions, usePage } from "./store-context.ts";

/** Sliders in the order in which the engine applies them. */
export function Sampling() {
  const actions = useActions();
  const settings = usePage((state) => state.settings);
  return (
    <section className="knobs" aria-label="Sampling">
      <header>
        <h3>Sampling</h3>
        <span className="order">T, top-k, top-p, min-p</span>
        <span className="grow" />
        <Seed />
      </header>
      <div className="grid">
        {samplingSliders(settings).map(({ name, label, min, max, step, value, text }) => (
          <div key={name}>
            <label htmlFor={`setting-${name}`}>
              {label} <output>{text}</output>
            </label>
            <input
              type="range"
              id={`setting-${name}`}
              min={min}
              max={max}
              step={step}
              value={value}
              aria-valuetext={text}
              onChange={(event) => actions.setSettings(settingOf(name, Number(event.target.value)))}
            />
          </div>
        ))}
      </div>
    </section>
  );
}

function Seed() {
  const actions = useActions();
  const seed = usePage((state) => state.seed);
  const [typed, setTyped] = useState<string | null>(null); // null: as in the state
  const isWrong = typed !== null && parseTypedSeed(typed) === null;
  return (
    <>
      <label className="label" htmlFor="seed">
        seed
      </label>
      <input
        className="field seed"
        id="seed"
        inputMode="numeric"
        autoComplete="off"
        aria-invalid={isWrong}
        title={isWrong ? "A seed is a whole number" : undefined}
        value={typed ?? String(seed)}
        onBlur={() => setTyped(null)}
        onChange={(event) => {
          setTyped(event.target.value);
          const value = parseTypedSeed(event.target.value);
          if (value !== null) actions.setSeed(value);
        }}
      />
    </>
  );
}
