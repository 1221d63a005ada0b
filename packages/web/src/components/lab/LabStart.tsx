// How an instructor's lab begins: its prompt, seed and settings, and the button that puts them into the page.

import type { LabStart as Start } from "../../views/lab-guide.ts";
import { activeDocumentPath, systemPrompt } from "../../views/path.ts";
import { settingsText } from "../../views/sampling.ts";
import { useActions, usePage } from "../store-context.ts";

/** The beginning; the system prompt goes first, the message after it stands. */
export function LabStart({ start }: { readonly start: Start }) {
  const { beginLab } = useActions();
  const isSystemThere = usePage(
    ({ history, vocabulary }) =>
      start.system === "" ||
      systemPrompt(activeDocumentPath(history.present), vocabulary) === start.system,
  );
  const how = [
    start.settings === null ? "" : settingsText(start.settings),
    start.seed === null ? "" : `seed ${start.seed}`,
  ].filter((words) => words !== "");
  return (
    <section className="lab-start" aria-label="Start">
      {start.system !== "" && (
        <p>
          <b>system</b> {start.system}
        </p>
      )}
      <p>
        <b>user</b> {start.user}
      </p>
      {how.length > 0 && <p className="label">{how.join("; ")}</p>}
      <button type="button" className="btn" onClick={() => beginLab(start)}>
        Put the {isSystemThere ? "message" : "system prompt"} into the composer
      </button>
    </section>
  );
}
