// The chooser of models: what there is, one's own file, and what this browser keeps.

import { useEffect, useRef } from "react";
import { useShallow } from "zustand/react/shallow";
import "../../styles/models.css";
import { type ModelsInputs, modelsView } from "../../views/models.ts";
import { ActionButton } from "../ActionButton.tsx";
import { Dialog } from "../Dialog.tsx";
import { useActions, usePage } from "../store-context.ts";
import { ModelRowItem } from "./ModelRowItem.tsx";

/** Choosing a model loads it in place of the one that runs. */
export function ModelsDialog() {
  const view = modelsView(useModelsInputs());
  const { readShelf } = useActions();
  const loaded = usePage((state) => state.model.kind);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a model that was loaded meanwhile may be kept now
  useEffect(() => void readShelf(), [readShelf, loaded]);
  return (
    <Dialog title="Models">
      <div className="models">
        {view.warning !== null && <p className="say">{view.warning}</p>}
        <OfferedFile offered={view.offered} blocked={view.blocked} />
        <ul aria-label="Models">
          {view.rows.map((row) => (
            <ModelRowItem key={row.sha256} row={row} blocked={view.blocked} />
          ))}
        </ul>
        <OwnFile blocked={view.blocked} />
        <p className="storage">{view.storage} Conversations are listed, and deleted, under Open.</p>
      </div>
    </Dialog>
  );
}

function useModelsInputs(): ModelsInputs {
  return usePage(
    useShallow((state) => ({
      shelf: state.shelf,
      offered: state.offered,
      chosen: state.chosen,
      ownFile: state.ownFile,
      model: state.model,
      work: state.work,
      history: state.history,
      isRecording: state.isRecording,
    })),
  );
}

interface OfferedFileProps {
  readonly offered: { readonly name: string; readonly size: string } | null;
  readonly blocked: string | null;
}

/** A file that was dropped or picked: one press away from running. */
function OfferedFile({ offered, blocked }: OfferedFileProps) {
  const { useOfferedFile: loadOffered, offerFile } = useActions();
  if (offered === null) return null;
  return (
    <section className="offered" aria-label="Your file">
      <b>{offered.name}</b>
      <span className="facts">{offered.size}, your own file</span>
      <div className="model-acts">
        <ActionButton blocked={blocked} onPress={loadOffered}>
          Use this file
        </ActionButton>
        <button type="button" className="btn plain" onClick={() => offerFile(null)}>
          Not now
        </button>
      </div>
    </section>
  );
}

interface OwnFileProps {
  readonly blocked: string | null;
}

/** The file picker; a drop anywhere on the page does the same. */
function OwnFile({ blocked }: OwnFileProps) {
  const { offerFile } = useActions();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <section className="own" aria-label="A file of your own">
      <ActionButton blocked={blocked} onPress={() => picker.current?.click()}>
        Choose a GGUF file
      </ActionButton>
      <p className="say">
        Or drop one anywhere on the page. It is read where it lies and never uploaded.
      </p>
      <input
        ref={picker}
        type="file"
        accept=".gguf"
        hidden
        aria-label="GGUF file"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file !== undefined) offerFile({ name: file.name, file });
          event.target.value = ""; // the same file may be picked again
        }}
      />
    </section>
  );
}
