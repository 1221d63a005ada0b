// Which two branches stand side by side.

import { useMemo } from "react";
import { branchMap } from "../../views/branch-map.ts";
import { comparedKeys } from "../../views/compare.ts";
import { useActions, usePage } from "../store-context.ts";

/** Two lists, one a side; nothing where there is one branch. */
export function BranchChoices() {
  const { compare } = useActions();
  const history = usePage((state) => state.history);
  const compared = usePage((state) => state.compared);
  const scores = usePage((state) => state.scores);
  const vocabulary = usePage((state) => state.vocabulary);
  const lanes = useMemo(
    () => branchMap(history.present, scores, vocabulary).lanes,
    [history, scores, vocabulary],
  );
  const keys = useMemo(() => comparedKeys({ history, compared }), [history, compared]);
  if (keys === null) return null;
  const { left, right } = keys;
  const select = (label: string, value: number, other: number, onChoose: (key: number) => void) => (
    <select
      className="field"
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(Number(event.target.value))}
    >
      {lanes.map(({ key, name }) => (
        <option key={key} value={key} disabled={key === other}>
          {name}
        </option>
      ))}
    </select>
  );
  return (
    <div className="choices">
      {select("Left branch", left, right, (key) => compare({ left: key, right }))}
      {select("Right branch", right, left, (key) => compare({ left, right: key }))}
    </div>
  );
}
