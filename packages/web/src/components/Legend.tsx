// What the colour of the tokens stands for, over the strip. Its scales are absolute, so they never change with the text.

import { RECORDED_WITH } from "../recording/recorded-with.ts";
import { COLOR_CHOICES, scaleOf } from "../views/coloring.ts";
import { settingsText } from "../views/sampling.ts";
import { useActions, usePage } from "./store-context.ts";

const RECORDED = `Written by the model at ${settingsText(RECORDED_WITH.settings)}, seed ${RECORDED_WITH.seed}. What you write follows the settings under Sampling.`;

/** The choice of a measure, and its seven classes, each with its wash and its bar. */
export function Legend() {
  const actions = useActions();
  const isRecording = usePage((state) => state.isRecording);
  const colorBy = usePage((state) => state.colorBy);
  const overlay = usePage((state) => state.overlay);
  const isDrawerOpen = usePage((state) => state.drawer === "surprise");
  const { ramp, title, steps } = scaleOf({ colorBy, overlay });
  return (
    <div className="legend" data-ramp={ramp}>
      <h1>Conversation as tokens</h1>
      {isRecording && (
        <span className="label recorded" title={RECORDED}>
          recorded example
        </span>
      )}
      <button
        type="button"
        className="btn plain along"
        aria-expanded={isDrawerOpen}
        onClick={() => actions.toggleDrawer("surprise")}
      >
        Along the text <kbd>B</kbd>
      </button>
      {overlay === null ? (
        <select
          className="measure"
          aria-label="Colour the tokens by"
          value={colorBy}
          onChange={({ target }) => {
            const choice = COLOR_CHOICES[target.selectedIndex];
            if (choice !== undefined) actions.setColorBy(choice.by);
          }}
        >
          {COLOR_CHOICES.map((choice) => (
            <option key={choice.by} value={choice.by}>
              {choice.title}
            </option>
          ))}
        </select>
      ) : (
        <span className="unit">
          {title}, in place of {COLOR_CHOICES.find(({ by }) => by === colorBy)?.title}
        </span>
      )}
      <ol aria-hidden="true">
        {steps.map(({ label, height }, i) => (
          <li key={label} className={`c${i}`} style={{ "--h": height.toFixed(3) }}>
            <i>{label}</i>
          </li>
        ))}
      </ol>
    </div>
  );
}
