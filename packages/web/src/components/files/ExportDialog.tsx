// Export: the branch, the reply or the span as a table, as JSON or as a picture, and the conversation as a file.

import { type ReactNode, useState } from "react";
import "../../styles/files.css";
import { pinsOf } from "../../store/pins.ts";
import { captionText, exportRanges, fileName, type RangeKind } from "../../views/export-range.ts";
import { modelBehind, sessionOf, sessionTitle } from "../../views/session.ts";
import { Dialog } from "../Dialog.tsx";
import { usePage, usePageStore } from "../store-context.ts";
import { type ExportKind, saveExport } from "./save-export.ts";
import { useConversationFile } from "./use-conversation-file.ts";

/** The range, then the files. */
export function ExportDialog() {
  const store = usePageStore();
  const saveConversation = useConversationFile();
  const ranges = exportRanges(store.getState());
  const hasSpan = ranges.some(({ kind, span }) => kind === "span" && span !== null);
  const [kind, setKind] = useState<RangeKind>(hasSpan ? "span" : "branch");
  const model = usePage(modelBehind);
  const hasPins = usePage((state) => pinsOf(state).length > 0);
  const range = ranges.find((candidate) => candidate.kind === kind)?.span ?? null;
  if (range === null || model === null) {
    return (
      <Dialog title="Export">
        <p>There is nothing to export yet. Write a message and press End turn.</p>
      </Dialog>
    );
  }
  const save = (wanted: ExportKind) => () => {
    const state = store.getState();
    const session = sessionOf(state);
    const title = session === null ? "" : sessionTitle(session);
    const name = (ending: string) => fileName(title, `${kind}${ending}`);
    void saveExport(wanted, state, { span: range, caption: captionText(range, state), name }).then(
      (saved) => store.setState({ announcement: `Saved as ${saved}` }),
      (error: unknown) => store.setState({ problem: String(error), dialog: null }),
    );
  };
  return (
    <Dialog title="Export">
      <div className="files">
        <fieldset className="range">
          <legend className="vh">What to export</legend>
          <div className="seg">
            {ranges.map((candidate) => (
              <button
                key={candidate.kind}
                type="button"
                aria-pressed={candidate.kind === kind}
                aria-disabled={candidate.span === null}
                onClick={() => candidate.span !== null && setKind(candidate.kind)}
              >
                {candidate.label}
              </button>
            ))}
          </div>
        </fieldset>
        <p className="say">{captionText(range, store.getState())}</p>
        <dl className="exports">
          <ExportLine
            name="Table"
            says="One row a token: the columns of tokenscope score --csv, then its turn and the ten most likely. For a spreadsheet, R or Python; UTF-8 with a byte order mark."
          >
            <SaveButton words="CSV" label="Table as CSV" onPress={save("csv")} />
          </ExportLine>
          <ExportLine
            name="Scores"
            says="The object that tokenscope score --json prints, with turns, roles and settings."
          >
            <SaveButton words="JSON" label="Scores as JSON" onPress={save("json")} />
          </ExportLine>
          <ExportLine name="Picture of the tokens" says="As in the strip, in the light theme.">
            <SaveButton words="SVG" label="Tokens as SVG" onPress={save("strip-svg")} />
            <SaveButton words="PNG" label="Tokens as PNG" onPress={save("strip-png")} />
          </ExportLine>
          <ExportLine name="Chart" says="Bits by position.">
            <SaveButton words="SVG" label="Chart as SVG" onPress={save("chart-svg")} />
            <SaveButton words="PNG" label="Chart as PNG" onPress={save("chart-png")} />
          </ExportLine>
          {hasPins && (
            <ExportLine name="Pinned tokens" says="Their probability along the whole branch.">
              <SaveButton words="SVG" label="Pinned tokens as SVG" onPress={save("pins-svg")} />
              <SaveButton words="PNG" label="Pinned tokens as PNG" onPress={save("pins-png")} />
            </ExportLine>
          )}
          <ExportLine
            name="Conversation"
            says="Every branch with its numbers; Open brings it back here or elsewhere."
          >
            <SaveButton words="Save" label="Save conversation" onPress={saveConversation} />
          </ExportLine>
        </dl>
      </div>
    </Dialog>
  );
}

interface ExportLineProps {
  readonly name: string;
  readonly says: string;
  readonly children: ReactNode;
}

function ExportLine({ name, says, children }: ExportLineProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="say">{says}</dd>
      <dd className="save">{children}</dd>
    </div>
  );
}

interface SaveButtonProps {
  readonly words: string;
  readonly label: string;
  readonly onPress: () => void;
}

function SaveButton({ words, label, onPress }: SaveButtonProps) {
  return (
    <button type="button" className="btn" aria-label={label} onClick={onPress}>
      {words}
    </button>
  );
}
