// Two prompts: the conversation's messages once more under another system prompt, and both replies side by side.

import { promptBlocks } from "../../views/branch-verbs.ts";
import { activeDocumentPath, systemPrompt } from "../../views/path.ts";
import { ActionButton } from "../ActionButton.tsx";
import { writingKey } from "../key-press.ts";
import { useActions, usePage } from "../store-context.ts";

/** The prompt that stands, a field for the other one, and what to do with it. */
export function PromptsPart() {
  const { setOtherPrompt, tryPrompt } = useActions();
  const text = usePage((state) => state.otherPrompt);
  const standing = usePage(({ history, vocabulary }) =>
    systemPrompt(activeDocumentPath(history.present), vocabulary),
  );
  const blocked = usePage(promptBlocks);
  const isDrawn = usePage(({ settings }) => settings.temperature > 0);
  return (
    <form
      className="compare prompts"
      onSubmit={(event) => {
        event.preventDefault();
        if (blocked === null) tryPrompt(text, true);
      }}
    >
      <div className="two">
        <div>
          <h3>System prompt of this branch</h3>
          <p className="say">{standing === "" ? "none" : standing}</p>
        </div>
        <div>
          <label htmlFor="other-prompt">Another system prompt</label>
          <textarea
            id="other-prompt"
            className="field"
            rows={3}
            value={text}
            onChange={(event) => setOtherPrompt(event.target.value)}
            onKeyDown={(event) => {
              if (writingKey(event) !== "write") return;
              event.preventDefault();
              if (blocked === null) tryPrompt(text, true);
            }}
          />
        </div>
      </div>
      <div className="acts-line">
        <ActionButton blocked={blocked} onPress={() => tryPrompt(text, true)}>
          Write it and generate
        </ActionButton>
        <ActionButton kind="plain" blocked={blocked} onPress={() => tryPrompt(text, false)}>
          Only write it
        </ActionButton>
        <span className="say">
          The messages stay token for token, in a new branch. A reply that stands is kept; one that
          is missing is generated, with the same settings and seed on both sides.
          {isDrawn &&
            " A draw belongs to its position, and the replies begin at different ones: the same seed draws differently on each side. At temperature 0 nothing is drawn."}
        </span>
      </div>
    </form>
  );
}
