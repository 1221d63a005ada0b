// The four sliders of sampling: what each shows, and what a slider's value means.

import type { SamplingSettings } from "@tokenscope/core";

/** A slider; its value is not the setting where "off" would else lie at the strict end. */
export interface SamplingSlider {
  readonly name: keyof SamplingSettings;
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly text: string;
}

const TOP_K_OFF = 101; // the slider's right end; 1 to 100 are top-k itself

/** The sliders of some settings, in the order in which the engine applies them. */
export function samplingSliders(settings: SamplingSettings): readonly SamplingSlider[] {
  const { temperature, topK, topP, minP } = settings;
  return [
    {
      name: "temperature",
      label: "Temperature",
      min: 0,
      max: 2,
      step: 0.05,
      value: temperature,
      text: temperature === 0 ? "greedy" : temperature.toFixed(2),
    },
    {
      name: "topK",
      label: "Top-k",
      min: 1,
      max: TOP_K_OFF,
      step: 1,
      value: topK === 0 ? TOP_K_OFF : topK,
      text: topK === 0 ? "off" : String(topK),
    },
    {
      name: "topP",
      label: "Top-p",
      min: 0.05,
      max: 1,
      step: 0.01,
      value: topP,
      text: topP === 1 ? "off" : topP.toFixed(2),
    },
    {
      name: "minP",
      label: "Min-p",
      min: 0,
      max: 0.5,
      step: 0.01,
      value: minP,
      text: minP === 0 ? "off" : minP.toFixed(2),
    },
  ];
}

/** The setting that a slider's value means. Example: top-k at its right end -> { topK: 0 }, off. */
export function settingOf(name: keyof SamplingSettings, value: number): Partial<SamplingSettings> {
  return { [name]: name === "topK" && value === TOP_K_OFF ? 0 : value };
}

/** Settings in the order in which they are applied. Example: "temperature 0.8, top-k off, top-p 0.9, min-p off". */
export function settingsText({ temperature, topK, topP, minP }: SamplingSettings): string {
  return [
    `temperature ${temperature}${temperature === 0 ? " (greedy)" : ""}`,
    `top-k ${topK === 0 ? "off" : topK}`,
    `top-p ${topP === 1 ? "off" : topP}`,
    `min-p ${minP === 0 ? "off" : minP}`,
  ].join(", ");
}

/** A seed as typed; null while it is none. */
export function parseTypedSeed(text: string): number | null {
  const seed = Number(text);
  return /^-?\d{1,16}$/.test(text.trim()) && Number.isSafeInteger(seed) ? seed : null;
}
