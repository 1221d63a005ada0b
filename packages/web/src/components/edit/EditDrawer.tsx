// A message, a span or an insertion as text, and what writing it would change.

import "../../styles/edit-drawer.css";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useShallow } from "zustand/react/shallow";
import type { TextEditing } from "../../store/edits.ts";
import { editBlocks, rangeText, textEditing, textEditorView } from "../../views/edit.ts";
import { activeDocumentPath } from "../../views/path.ts";
import { ActionButton } from "../ActionButton.tsx";
import { Drawer } from "../Drawer.tsx";
import { writingKey } from "../key-press.ts";
import { useActions, usePage } from "../store-context.ts";
import { ChangePreview } from "./ChangePreview.tsx";
import { SpecialSelect } from "./SpecialSelect.tsx";

/** The editor, or a word where its tokens are not on this branch. */
export function EditDrawer() {
  const edit = usePage(textEditing);
  if (edit !== null) return <TextEditor edit={edit} />;
  return (
    <Drawer title="Edit as text">
      <p className="say">
        What was being edited is not on this branch. Choose Edit as text at a token of this one, or
        go back to the branch where it is.
      </p>
    </Drawer>
  );
}

function TextEditor({ edit }: { readonly edit: TextEditing }) {
  const actions = useActions();
  const { doc, vocabulary, preview, blocked } = usePage(
    useShallow((state) => ({
      doc: state.history.present,
      vocabulary: state.vocabulary,
      preview: state.textPreview,
      blocked: editBlocks(state).text,
    })),
  );
  const field = useRef<HTMLTextAreaElement>(null);
  const path = activeDocumentPath(doc);
  const view = textEditorView(edit, preview, { path, vocabulary });
  const cannot = blocked ?? view.problem ?? (view.isUnchanged ? "nothing has changed" : null);
  useEffect(() => {
    const end = field.current?.value.length ?? 0;
    field.current?.focus({ preventScroll: true });
    field.current?.setSelectionRange(end, end);
  }, []);
  const insert = (text: string) => {
    field.current?.focus();
    // The one way that the field's own undo knows; it fires the change.
    document.execCommand("insertText", false, text);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (writingKey(event) !== "write") return;
    event.preventDefault();
    if (cannot === null) actions.writeEditText();
  };
  return (
    <Drawer title={view.title} tools={<SpecialSelect onChoose={insert} />}>
      <div className="text-editor">
        <label className="vh" htmlFor="edit-text">
          Text
        </label>
        <textarea
          ref={field}
          className="field mono"
          id="edit-text"
          aria-describedby="edit-rule"
          aria-invalid={view.problem !== null}
          spellCheck={false}
          value={edit.text}
          onChange={(event) => actions.setEditText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <ChangePreview view={view} />
        <div className="edit-acts">
          <ActionButton blocked={cannot} onPress={actions.writeEditText}>
            Write as a branch <kbd>Ctrl ↵</kbd>
          </ActionButton>
          <ActionButton
            kind="plain"
            blocked={view.isUnchanged ? "nothing has changed" : null}
            onPress={() => actions.setEditText(rangeText(path, edit, vocabulary))}
          >
            Reset
          </ActionButton>
          <p className="label" id="edit-rule">
            Only what changes is tokenised again. ⟦ ⟧ holds a special token, or bytes that are no
            whole character; all else is plain text.
          </p>
        </div>
      </div>
    </Drawer>
  );
}
