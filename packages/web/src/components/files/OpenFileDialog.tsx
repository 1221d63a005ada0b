// Open: a file, a link, or one of the earlier conversations in this browser.

import { type DragEvent, useRef, useState } from "react";
import "../../styles/files.css";
import { modelWords, sessionTitle } from "../../views/session.ts";
import { Dialog } from "../Dialog.tsx";
import { useActions, usePage } from "../store-context.ts";
import { ConversationList } from "./ConversationList.tsx";

/** What waits for its model, then files and links, then the list. */
export function OpenFileDialog() {
  return (
    <Dialog title="Open">
      <div className="files">
        <AwaitingPart />
        <SourcePart />
        <ConversationList />
      </div>
    </Dialog>
  );
}

/** A conversation of another model than the loaded one. */
function AwaitingPart() {
  const awaiting = usePage((state) => state.awaiting);
  const model = usePage((state) => state.model);
  const { openDialog, dismissAwaiting } = useActions();
  if (awaiting === null || model.kind !== "ready") return null;
  const { session } = awaiting;
  return (
    <section aria-label="Waiting for its model" className="awaiting">
      <h3>“{sessionTitle(session)}” needs another model</h3>
      <p>
        It was made with {modelWords(session.model)}, and the page has{" "}
        {modelWords(model.loaded.identity)}, in which the same ids say other words. Choose its
        model, and it opens; until then it is kept in the list.
      </p>
      <div className="acts-line">
        <button type="button" className="btn" onClick={() => openDialog("models")}>
          Choose the model
        </button>
        <button type="button" className="btn plain" onClick={dismissAwaiting}>
          Not now
        </button>
      </div>
    </section>
  );
}

/** A file by picker or drop, and a link by pasting; either opens, or stands beside the own conversation. */
function SourcePart() {
  const { openText, compareText, openDialog, openDrawer } = useActions();
  const picker = useRef<HTMLInputElement>(null);
  const isBeside = useRef(false);
  const [link, setLink] = useState("");
  const take = async (text: string, name: string) => {
    openDialog(null);
    if (!isBeside.current) return openText(text);
    await compareText(text, name);
    openDrawer("neighbour");
  };
  const pick = (beside: boolean) => {
    isBeside.current = beside;
    picker.current?.click();
  };
  const onDrop = (event: DragEvent) => {
    const [file] = event.dataTransfer.files;
    event.preventDefault();
    event.stopPropagation();
    isBeside.current = false;
    if (file !== undefined) void file.text().then((text) => take(text, file.name));
  };
  const onLink = (beside: boolean) => {
    isBeside.current = beside;
    if (link.trim() !== "") void take(link, "the link");
  };
  return (
    <section
      aria-label="File or link"
      className="drop"
      onDragOver={(event) => event.preventDefault()}
      onDrop={onDrop}
    >
      <h3>File or link</h3>
      <p className="say">
        Choose a file that Tokenscope saved, or drop it here. What is on screen stays in the list
        below. “Beside mine” shows where the two part, and why.
      </p>
      <div className="acts-line">
        <button type="button" className="btn" onClick={() => pick(false)}>
          Choose a file
        </button>
        <button type="button" className="btn plain" onClick={() => pick(true)}>
          Choose one beside mine
        </button>
      </div>
      <div className="acts-line">
        <input
          className="field mono"
          aria-label="Link"
          placeholder="Paste a link from Share"
          value={link}
          onChange={(event) => setLink(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && onLink(false)}
        />
        <button type="button" className="btn" onClick={() => onLink(false)}>
          Open link
        </button>
        <button
          type="button"
          className="btn plain"
          aria-label="Beside mine: the link"
          onClick={() => onLink(true)}
        >
          Beside mine
        </button>
      </div>
      <input
        ref={picker}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="Conversation file"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = ""; // the same file may be chosen again
          if (file !== undefined) void file.text().then((text) => take(text, file.name));
        }}
      />
    </section>
  );
}
