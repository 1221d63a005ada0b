// Compare: two branches as token strips from where they part, what they share on one line, and what each costs.

import { useMemo, useState } from "react";
import {
  type CompareSide,
  type CompareView,
  comparedKeys,
  compareView,
  pointedWords,
} from "../../views/compare.ts";
import { AlignedSide } from "../AlignedSide.tsx";
import { useActions, usePage } from "../store-context.ts";
import { BranchChoices } from "./BranchChoices.tsx";

/** The comparison, or what to do for there to be one. */
export function ComparePart() {
  const history = usePage((state) => state.history);
  const compared = usePage((state) => state.compared);
  const scores = usePage((state) => state.scores);
  const vocabulary = usePage((state) => state.vocabulary);
  const keys = useMemo(() => comparedKeys({ history, compared }), [history, compared]);
  const view = useMemo(
    () => (keys === null ? null : compareView({ history, scores, vocabulary }, keys)),
    [history, scores, vocabulary, keys],
  );
  if (view === null) {
    return (
      <p className="say">
        There is one branch. Choose another candidate at an earlier position, and it becomes a
        branch: then both stand here side by side.
      </p>
    );
  }
  return <TwoBranches view={view} />;
}

function TwoBranches({ view }: { readonly view: CompareView }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const { where, odds, shared, left, right } = view;
  return (
    <div className="compare">
      <BranchChoices />
      <p role="status">
        <b>{where}</b>
      </p>
      <p className="say parted">
        {pointed === null && odds.length > 0
          ? `Where they part: ${odds.join("; ")}.`
          : pointedWords(view, pointed ?? 0)}
      </p>
      <div className="sides">
        {shared !== "" && (
          <p className="shared say" title={shared}>
            {shared}
          </p>
        )}
        <Side side={left} place="left" pointed={pointed} onPoint={setPointed} />
        <Side side={right} place="right" pointed={pointed} onPoint={setPointed} />
      </div>
    </div>
  );
}

interface SideProps {
  readonly side: CompareSide;
  readonly place: "left" | "right";
  readonly pointed: number | null;
  readonly onPoint: (place: number | null) => void;
}

function Side({ side, place, pointed, onPoint }: SideProps) {
  const { goTo } = useActions();
  const position = usePage((state) => state.position);
  const isActive = usePage((state) => state.history.present.activeKey === side.key);
  const at = position - side.from;
  const here = isActive && at >= 0 && at < side.tokens.length ? at : null;
  return (
    <AlignedSide
      title={side.name}
      side={side}
      gestures={{
        id: `compare-${place}`,
        pointed,
        here,
        onPoint,
        onPick: (offset) => goTo(side.key, side.from + offset),
      }}
    >
      {side.said !== null && (
        <p className="say said" title={side.said.text}>
          {side.said.role}: {side.said.text === "" ? "empty" : side.said.text}
        </p>
      )}
      <table className="costs">
        <thead className="vh">
          <tr>
            <th scope="col">Part</th>
            <th scope="col">Tokens</th>
            <th scope="col">Bits</th>
            <th scope="col">Bits per token</th>
            <th scope="col">Perplexity</th>
          </tr>
        </thead>
        <tbody>
          {side.costs.map(({ what, tokens, bits, perToken, perplexity }) => (
            <tr key={what}>
              <th scope="row">{what}</th>
              <td>
                <b>{tokens}</b> tokens
              </td>
              <td>
                <b>{bits}</b> bits
              </td>
              <td>
                <b>{perToken}</b> per token
              </td>
              <td>
                perplexity <b>{perplexity}</b>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </AlignedSide>
  );
}
