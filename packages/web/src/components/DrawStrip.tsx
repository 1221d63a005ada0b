// The draw: candidates end to end from 0 to 1, and the random number on them.

import { canWrite } from "../views/composer.ts";
import { ActionButton } from "./ActionButton.tsx";
import { percentOf } from "./Candidate.tsx";
import { Piece } from "./Piece.tsx";
import { useActions, usePage } from "./store-context.ts";
import type { HeldPanel } from "./use-panel.ts";

const LEFT_EDGE = 0.2; // a label this near an end would leave the strip
const RIGHT_EDGE = 0.72;

function blockedBy(isWritable: boolean, isStale: boolean): string | null {
  if (!isWritable) return "this needs the model";
  return isStale ? "this place is being scored" : null;
}

/** The strip with its number; nothing where there is no distribution to draw from. */
export function DrawStrip({ panel }: { readonly panel: HeldPanel }) {
  const actions = useActions();
  const isWritable = usePage(canWrite);
  const { draw, verb } = panel;
  if (draw === null) return null;
  const shift = draw.draw > RIGHT_EDGE ? "-100%" : draw.draw < LEFT_EDGE ? "0" : "-50%";
  return (
    <section className={panel.isStale ? "draw stale" : "draw"} aria-label="Draw">
      <header>
        <h3>Draw</h3>
        <span className="label">{draw.caption}</span>
        <span className="grow" />
        <button type="button" className="btn" onClick={actions.drawAgain}>
          Draw again
        </button>
        <ActionButton blocked={blockedBy(isWritable, panel.isStale)} onPress={actions.acceptDraw}>
          {verb}
        </ActionButton>
      </header>
      <div className="cdf" role="img" aria-label={draw.name}>
        <ol>
          {draw.segments.map(({ key, width, segments, kind, hasGap }) => (
            <li
              key={key}
              className={[kind, hasGap ? "gap" : ""].join(" ")}
              style={{ width: percentOf(width) }}
            >
              <Piece segments={segments} />
            </li>
          ))}
        </ol>
        <span className="r" style={{ left: percentOf(draw.draw), "--shift": shift }}>
          <span>
            r = {draw.drawText} draws{" "}
            {draw.hitId === null ? (
              <b>one of the rest</b>
            ) : (
              <b className="mono">
                <Piece segments={draw.hit} />
              </b>
            )}
          </span>
        </span>
        <div className="ends">
          <span>0</span>
          <span>{draw.note}</span>
          <span>1</span>
        </div>
      </div>
    </section>
  );
}
