// One question of the guide: its text, a place to write, and what is attached to the answer.

import { type ReactNode, useRef } from "react";
import { answerTo, sheetOf } from "../../store/lab.ts";
import {
  type Attachment,
  attachmentAt,
  attachmentLabel,
  attachmentText,
  selectionLabel,
} from "../../views/lab-attachment.ts";
import type { LabQuestion as Question } from "../../views/lab-guide.ts";
import { joinedText } from "../../views/lab-typing.ts";
import { ActionButton } from "../ActionButton.tsx";
import { useActions, usePage, usePageStore } from "../store-context.ts";

interface LabQuestionProps {
  readonly question: Question;
  readonly part: number;
  readonly number: number;
  readonly children: ReactNode;
}

const NOTHING = "nothing is written yet";

/** A question; what is typed is kept as it is typed. */
export function LabQuestion({ question, part, number, children }: LabQuestionProps) {
  const store = usePageStore();
  const { setLabAnswer, attachSelection } = useActions();
  const answer = usePage((state) => answerTo(sheetOf(state.lab), question.key));
  const label = usePage(selectionLabel);
  const box = useRef<HTMLTextAreaElement>(null);
  const name = `${part}.${number}`;

  const takeSelection = () => {
    const attachment = attachmentAt(store.getState());
    const area = box.current;
    if (attachment === null || area === null) return;
    const { text, caret } = joinedText(answer.text, attachmentText(attachment), {
      from: area.selectionStart,
      to: area.selectionEnd,
    });
    setLabAnswer(question.key, text);
    attachSelection(question.key);
    area.focus();
    requestAnimationFrame(() => area.setSelectionRange(caret, caret)); // once the text is drawn
  };

  return (
    <div className="lab-question">
      <p>
        <i>{name}</i>
        <span id={`lab-question-${name}`}>{children}</span>
      </p>
      {question.hint !== "" && <p className="hint">{question.hint}</p>}
      <textarea
        ref={box}
        className="field"
        rows={2}
        aria-label={`Answer ${name}`}
        aria-describedby={`lab-question-${name}`}
        value={answer.text}
        onChange={(event) => setLabAnswer(question.key, event.target.value)}
      />
      {answer.attachments.length > 0 && (
        <ul className="lab-chips" aria-label={`Attached to answer ${name}`}>
          {answer.attachments.map((attachment) => (
            <Chip
              key={`${attachment.kind} ${attachmentLabel(attachment)} ${attachment.conditions}`}
              attachment={attachment}
              question={question.key}
            />
          ))}
        </ul>
      )}
      <div className="lab-evidence">
        <ActionButton
          className="attach"
          blocked={label === null ? NOTHING : null}
          onPress={() => attachSelection(question.key)}
        >
          {label === null ? "Attach" : `Attach ${label}`}
        </ActionButton>
        <ActionButton
          kind="plain"
          className="take"
          blocked={label === null ? NOTHING : null}
          onPress={takeSelection}
        >
          Use my selection
        </ActionButton>
      </div>
    </div>
  );
}

interface ChipProps {
  readonly attachment: Attachment;
  readonly question: string;
}

/** Goes back to what was attached; beside it the button that takes it off. */
function Chip({ attachment, question }: ChipProps) {
  const { goToAttachment, detach } = useActions();
  const label = attachmentLabel(attachment);
  return (
    <li className="lab-chip">
      <button
        type="button"
        title={attachmentText(attachment)}
        onClick={() => goToAttachment(attachment)}
      >
        {label}
      </button>
      <button
        type="button"
        className="off"
        aria-label={`Remove ${label}`}
        onClick={(event) => {
          const own = event.currentTarget.closest(".lab-question");
          detach(question, attachment);
          own?.querySelector<HTMLElement>(".attach")?.focus(); // its own place is gone
        }}
      >
        ×
      </button>
    </li>
  );
}
