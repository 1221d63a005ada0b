// Tools: definitions as JSON, checked while they are typed, where the model's template writes them.

import { useState } from "react";
import "../../styles/tools.css";
import { indented, TOOL_EXAMPLES, toolsCheck, toolsRefusal, toolsText } from "../../views/tools.ts";
import { ActionButton } from "../ActionButton.tsx";
import { Dialog } from "../Dialog.tsx";
import { useActions, usePage } from "../store-context.ts";

/** The field, or why there is none. */
export function ToolsDialog() {
  const { openDialog } = useActions();
  const refusal = usePage(toolsRefusal);
  return (
    <Dialog title="Tools">
      {refusal === null ? (
        <ToolsField />
      ) : (
        <div className="tools">
          <p>{refusal}</p>
          <button type="button" className="btn" onClick={() => openDialog("models")}>
            Models
          </button>
        </div>
      )}
    </Dialog>
  );
}

function ToolsField() {
  const { defineTools, openDialog } = useActions();
  const present = usePage((state) => state.history.present);
  const before = toolsText(present);
  const [text, setText] = useState(before);
  const [problem, setProblem] = useState<string | null>(null);
  const check = toolsCheck(text);
  const write = (value: string) => {
    setText(value);
    setProblem(null);
  };
  const define = async (value: string) => {
    const wrong = await defineTools(value);
    if (wrong === null) openDialog(null);
    else setProblem(wrong);
  };
  return (
    <div className="tools">
      <p>
        The functions that the model may call, as JSON. Its chat template writes them into the
        conversation; where something is written already, that is a branch. Then the roles{" "}
        <b>tool call</b> and <b>tool</b> write a call and what it returned.
      </p>
      <div className="acts-line">
        <span className="label">Examples</span>
        {TOOL_EXAMPLES.map(({ name, tools }) => (
          <button
            key={name}
            type="button"
            className="btn plain"
            onClick={() => write(indented(tools))}
          >
            {name}
          </button>
        ))}
      </div>
      <label className="vh" htmlFor="tools-json">
        Definitions, JSON
      </label>
      <textarea
        className="field mono"
        id="tools-json"
        rows={14}
        spellCheck={false}
        value={text}
        aria-describedby="tools-check"
        aria-invalid={!check.isFine}
        onChange={(event) => write(event.target.value)}
      />
      <p id="tools-check" className={check.isFine ? "say" : "wrong"} role="status">
        {problem ?? check.words}
      </p>
      <div className="acts-line">
        <ActionButton
          kind="main"
          blocked={check.isFine ? null : check.words}
          onPress={() => void define(text)}
        >
          Define
        </ActionButton>
        <ActionButton
          kind="plain"
          blocked={before === "" ? "no tools are defined" : null}
          onPress={() => void define("")}
        >
          Take away
        </ActionButton>
      </div>
    </div>
  );
}
