// One model of the chooser, with its terms where it has some.

import { useState } from "react";
import type { ModelRow } from "../../views/models.ts";
import { ActionButton } from "../ActionButton.tsx";
import { useActions } from "../store-context.ts";

interface ModelRowItemProps {
  readonly row: ModelRow;
  readonly blocked: string | null;
}

/** Name and facts, and what can be done with it. */
export function ModelRowItem({ row, blocked }: ModelRowItemProps) {
  const { chooseModel, deleteModel, keepOwnFile } = useActions();
  const [isAccepted, setAccepted] = useState(false);
  const { label, facts, terms, licence, isCurrent, isKept, isPassing } = row;
  const unaccepted = terms !== null && !isAccepted ? `accept the ${licence} first` : null;
  return (
    <li data-current={isCurrent || undefined}>
      <b>{label}</b>
      <span className="facts">
        {facts}
        {isKept && ", kept in this browser"}
        {isPassing && ", not kept: a reload asks for it again"}
      </span>
      {terms !== null && !isCurrent && (
        <div className="terms">
          <p>{terms.summary}</p>
          <p>
            {terms.urls.map((url) => (
              <a key={url} href={url} target="_blank" rel="noreferrer">
                {url.replace("https://", "")}
              </a>
            ))}
          </p>
          <label>
            <input
              type="checkbox"
              checked={isAccepted}
              onChange={(event) => setAccepted(event.target.checked)}
            />
            I accept the {licence}
          </label>
        </div>
      )}
      <div className="model-acts">
        {isPassing && (
          <button type="button" className="btn plain" onClick={() => void keepOwnFile()}>
            Keep in this browser
          </button>
        )}
        {isKept && (
          <button
            type="button"
            className="btn plain"
            aria-label={`Delete ${label} from this browser`}
            onClick={() => void deleteModel(row.sha256)}
          >
            Delete
          </button>
        )}
        {isCurrent ? (
          <span className="state">in use</span>
        ) : (
          <ActionButton blocked={unaccepted ?? blocked} onPress={() => chooseModel(row.model)}>
            Use <span className="vh">{label}</span>
          </ActionButton>
        )}
      </div>
    </li>
  );
}
