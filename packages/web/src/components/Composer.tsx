// The composer: a role, a text, End turn, and the verbs on the document.

import { TOOL_CALL } from "@tokenscope/core";
import type { KeyboardEvent } from "react";
import { composerView } from "../views/composer.ts";
import { activeDocumentPath } from "../views/path.ts";
import { toolsWord } from "../views/tools.ts";
import { ActionButton } from "./ActionButton.tsx";
import { writingKey } from "./key-press.ts";
import { Piece } from "./Piece.tsx";
import { useActions, usePage } from "./store-context.ts";
import { useComposerInputs } from "./use-composer.ts";

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  system: "Write the system prompt",
  text: "Write text for the model to continue",
  tool: "Write what the tool returned",
  [TOOL_CALL]: '{"name": "get_weather", "arguments": {"city": "Oslo"}}',
};

/** Where messages are written, and the buttons under them. */
export function Composer() {
  const actions = useActions();
  const inputs = useComposerInputs();
  const message = usePage((state) => state.message);
  const view = composerView(inputs, activeDocumentPath(inputs.history.present));
  const { blocked } = view;
  const endTurn = () => blocked.endTurn === null && actions.endTurn();
  const onKeyDown = (event: KeyboardEvent) => {
    const verb = writingKey(event);
    if (verb === "leave" && inputs.role === "system") {
      actions.setRole("user");
      actions.setMessage("");
    }
    if (verb !== "write") return;
    event.preventDefault();
    endTurn();
  };
  return (
    <form
      className="compose"
      aria-label="Write"
      onSubmit={(event) => {
        event.preventDefault();
        endTurn();
      }}
    >
      <div className="write">
        <select
          aria-label="Role"
          value={inputs.role}
          onChange={(event) => actions.setRole(event.target.value)}
        >
          {view.roles.map(({ role, refusal }) => (
            <option key={role} value={role} disabled={refusal !== null}>
              {refusal === null ? role : `${role}: ${refusal}`}
            </option>
          ))}
        </select>
        <label className="vh" htmlFor="message">
          Message
        </label>
        <textarea
          className="field"
          id="message"
          rows={1}
          placeholder={PLACEHOLDERS[inputs.role] ?? "Write the next message"}
          value={message}
          onChange={(event) => actions.setMessage(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <span className="count">{view.count}</span>
      </div>
      <ActionButton kind="main" blocked={blocked.endTurn} onPress={actions.endTurn}>
        End turn <kbd>Ctrl ↵</kbd>
      </ActionButton>
      <div className="acts">
        {view.isGenerating ? (
          <ActionButton blocked={null} onPress={actions.stop} className="generate at-thumb">
            Stop
          </ActionButton>
        ) : (
          <ActionButton
            blocked={blocked.write}
            onPress={actions.generate}
            className="generate at-thumb"
          >
            Generate response
          </ActionButton>
        )}
        <ActionButton blocked={blocked.write} onPress={actions.step} className="at-thumb">
          Step <kbd>S</kbd>
        </ActionButton>
        <span className="label hint">
          <Piece segments={view.hint} />
        </span>
        <ActionButton kind="plain" blocked={null} onPress={() => actions.openDialog("tools")}>
          {toolsWord(inputs.history.present)}
        </ActionButton>
        <ActionButton kind="plain" blocked={blocked.startOver} onPress={actions.startOver}>
          Start over
        </ActionButton>
        <ActionButton kind="plain" blocked={blocked.cut} onPress={actions.cut}>
          Delete <kbd>⌫</kbd>
        </ActionButton>
        <ActionButton
          kind="plain"
          blocked={blocked.undo}
          onPress={actions.undo}
          className="at-thumb"
        >
          Undo
        </ActionButton>
        <ActionButton kind="plain" blocked={blocked.redo} onPress={actions.redo}>
          Redo
        </ActionButton>
      </div>
    </form>
  );
}
