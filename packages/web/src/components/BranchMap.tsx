// The branch map on a desktop: a lane a branch, all in step with the strip.

import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import {
  type BranchLane,
  branchMap,
  turnAt,
  turnNames,
  type BranchMap as WholeMap,
} from "../views/branch-map.ts";
import { lanePath, mapPosition, share } from "../views/map-shapes.ts";
import { BranchName } from "./BranchName.tsx";
import { BranchMenu } from "./BranchTools.tsx";
import { branchKey } from "./key-press.ts";
import { MapMarks } from "./MapMarks.tsx";
import { useActions, usePage } from "./store-context.ts";
import { useWidth } from "./surprise/use-width.ts";
import { useKeptFocus } from "./use-kept-focus.ts";

const LANE_PX = 26;

/** Branch names as radios, their bars, and three columns of figures. */
export function BranchMap() {
  const actions = useActions();
  const doc = usePage((state) => state.history.present);
  const scores = usePage((state) => state.scores);
  const vocabulary = usePage((state) => state.vocabulary);
  const group = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<number | null>(null); // a turn, by its place
  const map = useMemo(() => branchMap(doc, scores, vocabulary), [doc, scores, vocabulary]);
  const keptFocus = useKeptFocus(() => checkedRadio(group.current));
  // biome-ignore lint/correctness/useExhaustiveDependencies: another branch is what the block scrolls to
  useEffect(() => {
    checkedRadio(group.current)?.scrollIntoView({ block: "nearest" });
  }, [doc.activeKey]);
  const onKeyDown = (event: KeyboardEvent) => {
    const verb = branchKey(event);
    if (verb === null) return;
    event.preventDefault();
    if (verb === "rename") actions.startRenaming(doc.activeKey);
    else if (verb === "delete") actions.deleteBranch(doc.activeKey);
    else {
      actions.switchBranchBy(verb === "next" ? 1 : -1);
      toChecked();
    }
  };
  const toChecked = () => requestAnimationFrame(() => checkedRadio(group.current)?.focus());
  const onMapPoint = (event: MouseEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const position = Math.floor(((event.clientX - box.left) / box.width) * map.width);
    setPointed(turnAt(map, position));
  };
  const onMapClick = (event: MouseEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const lane = map.lanes[Math.floor((event.clientY - box.top) / LANE_PX)];
    if (lane === undefined) return;
    const position = mapPosition((event.clientX - box.left) / box.width, map.width, lane.length);
    actions.selectSpan(null);
    actions.switchBranch(lane.key);
    actions.moveTo(position);
  };
  const active = map.lanes.find((lane) => lane.isActive);
  return (
    <div className="branch-block">
      <BranchMenu name={active?.name ?? ""} />
      <div
        ref={group}
        className="branches"
        role="radiogroup"
        aria-label="Branches"
        onKeyDown={onKeyDown}
        {...keptFocus}
      >
        <span className="bh head-name" aria-hidden="true" />
        <TurnNames map={map} pointed={pointed} />
        <span className="bh num" aria-hidden="true">
          reply
        </span>
        <span className="bh num" aria-hidden="true">
          bits
        </span>
        <span className="bh num" aria-hidden="true">
          per token
        </span>
        {map.lanes.map((lane, i) => (
          <LaneCells key={lane.key} lane={lane} row={i + 2} onNamed={toChecked} />
        ))}
        <div
          className="map"
          aria-hidden="true"
          onClick={onMapClick}
          onMouseMove={onMapPoint}
          onMouseLeave={() => setPointed(null)}
          style={{ gridRow: `2 / span ${map.lanes.length}` }}
        >
          <MapMarks width={map.width} />
          {map.lanes.map((lane, i) => (
            <LaneBars key={lane.key} lane={lane} index={i} width={map.width} />
          ))}
        </div>
      </div>
    </div>
  );
}

interface TurnNamesProps {
  readonly map: WholeMap;
  /** The turn under the pointer, by its place; null where it is elsewhere. */
  readonly pointed: number | null;
}

const AT_THE_END = 0.85; // of the width: from here on a whole name would run over the figures

/** Whose turn each part of the map is: the name of the turn that is shown or pointed at is always whole, over its neighbours'. */
function TurnNames({ map, pointed }: TurnNamesProps) {
  const head = useRef<HTMLDivElement>(null);
  const here = usePage((state) => turnAt(map, state.position));
  const names = turnNames(map, useWidth(head));
  return (
    <div ref={head} className="bh maph" aria-hidden="true">
      {map.turns.map(({ role, from, to }, i) => (
        <span
          key={from}
          title={role}
          data-here={i === here ? "" : undefined}
          data-pointed={i === pointed ? "" : undefined}
          data-end={from / map.width > AT_THE_END ? "" : undefined}
          style={{ left: share(from, map.width), width: share(to - from, map.width) }}
        >
          <i>{names[i]}</i>
          <b>{role}</b>
        </span>
      ))}
    </div>
  );
}

interface LaneCellsProps {
  readonly lane: BranchLane;
  readonly row: number;
  /** Called when the name was written or left. */
  readonly onNamed: () => void;
}

function LaneCells({ lane, row, onNamed }: LaneCellsProps) {
  const actions = useActions();
  const isRenaming = usePage((state) => state.renaming === lane.key);
  const on = lane.isActive ? "" : undefined;
  const fork = lane.fork === null ? "" : `, forks at position ${lane.fork.position}`;
  const figures = `${lane.replyTokens} reply tokens, ${lane.replyBits} bits, ${lane.bitsPerToken} per token`;
  return (
    <>
      {isRenaming ? (
        <BranchName branchKey={lane.key} name={lane.name} row={row} onLeft={onNamed} />
      ) : (
        // biome-ignore lint/a11y/useSemanticElements: an input cannot hold the name and cut it off with an ellipsis
        <button
          type="button"
          className="bname"
          role="radio"
          aria-checked={lane.isActive}
          aria-label={`${lane.name}${fork}, ${figures}`}
          tabIndex={lane.isActive ? 0 : -1}
          title={laneTitle(lane)}
          style={{ gridRow: row }}
          onClick={() => actions.switchBranch(lane.key)}
          onDoubleClick={() => actions.startRenaming(lane.key)}
        >
          <span>{lane.name}</span>
        </button>
      )}
      {[lane.replyTokens, lane.replyBits, lane.bitsPerToken].map((figure, column) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: the columns are fixed
          key={column}
          className="bv"
          aria-hidden="true"
          data-on={on}
          style={{ gridRow: row, gridColumn: column + 3 }}
        >
          {figure}
        </span>
      ))}
    </>
  );
}

/** Example: "forks at position 44: …dragon's tail swept the floor". */
function laneTitle({ fork, firstWords }: BranchLane): string {
  const place = fork === null ? "the first path" : `forks at position ${fork.position}`;
  return firstWords === "" ? place : `${place}: ${firstWords}`;
}

interface LaneBarsProps {
  readonly lane: BranchLane;
  readonly index: number;
  readonly width: number;
}

function LaneBars({ lane, index, width }: LaneBarsProps) {
  const from = lane.fork?.position ?? 0;
  return (
    <>
      <svg
        style={{ "--j": index }}
        viewBox={`0 0 ${width} ${LANE_PX}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <line
          className="base"
          x1={from}
          x2={lane.length}
          y1="23.5"
          y2="23.5"
          vectorEffect="non-scaling-stroke"
        />
        <path className="lane" d={lanePath(lane.bars, false)} />
        <path className="lane on" d={lanePath(lane.bars, true)} />
      </svg>
      {lane.fork !== null && (
        <div
          className="fork"
          style={{
            left: share(lane.fork.position, width),
            top: lane.fork.lane * LANE_PX + 24,
            height: (index - lane.fork.lane) * LANE_PX - 8,
          }}
        />
      )}
    </>
  );
}

function checkedRadio(group: HTMLElement | null): HTMLElement | null {
  return group?.querySelector<HTMLElement>('[aria-checked="true"]') ?? null;
}
