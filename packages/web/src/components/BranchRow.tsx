// The branch map on a phone: one row with the active path, which opens the list of all.

import { useMemo, useState } from "react";
import { type BranchLane, branchMap } from "../views/branch-map.ts";
import { lanePath } from "../views/map-shapes.ts";
import { BranchName } from "./BranchName.tsx";
import { BranchButtons } from "./BranchTools.tsx";
import { MapMarks } from "./MapMarks.tsx";
import { useActions, usePage } from "./store-context.ts";

/** The active branch, its bars and bits; a tap opens the others. */
export function BranchRow() {
  const actions = useActions();
  const doc = usePage((state) => state.history.present);
  const scores = usePage((state) => state.scores);
  const vocabulary = usePage((state) => state.vocabulary);
  const renaming = usePage((state) => state.renaming);
  const [isOpen, setOpen] = useState(false);
  const map = useMemo(() => branchMap(doc, scores, vocabulary), [doc, scores, vocabulary]);
  const active = map.lanes.find((lane) => lane.isActive);
  return (
    <div className="branch-row">
      <button
        type="button"
        className="bname"
        aria-expanded={isOpen}
        aria-controls="branch-list"
        aria-label={`Branch ${active?.name ?? ""}, ${map.lanes.length} in all`}
        onClick={() => setOpen(!isOpen)}
      >
        <span>{active?.name}</span>
      </button>
      <div className="map" aria-hidden="true">
        <MapMarks width={map.width} />
        <svg viewBox={`0 0 ${map.width} 26`} preserveAspectRatio="none" aria-hidden="true">
          {map.lanes.map((lane) => (
            <path key={lane.key} className="lane on" d={lanePath(lane.bars, true)} />
          ))}
        </svg>
      </div>
      <span className="bv">
        <b>{active?.replyBits}</b> bits
      </span>
      <div id="branch-list" hidden={!isOpen}>
        <div role="radiogroup" aria-label="Branches">
          {map.lanes.map((lane) =>
            lane.key === renaming ? (
              <BranchName key={lane.key} branchKey={lane.key} name={lane.name} onLeft={() => {}} />
            ) : (
              // biome-ignore lint/a11y/useSemanticElements: a radio that closes the list it stands in
              <button
                key={lane.key}
                type="button"
                role="radio"
                aria-checked={lane.isActive}
                className="bname"
                onClick={() => {
                  actions.switchBranch(lane.key);
                  setOpen(false);
                }}
              >
                <span>{lane.name}</span>
                <small>
                  {lane.replyTokens} tokens, {lane.replyBits} bits
                </small>
                <small className="words">{laneWords(lane)}</small>
              </button>
            ),
          )}
        </div>
        <BranchButtons onDone={() => setOpen(false)} />
      </div>
    </div>
  );
}

/** Example: "from 44: …dragon's tail swept the floor". */
function laneWords({ fork, firstWords }: BranchLane): string {
  return fork === null ? firstWords : `from ${fork.position}: ${firstWords}`;
}
