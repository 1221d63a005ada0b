// One part of the guide: what to do, and its questions while it is open.

import { progressOf, sheetOf } from "../../store/lab.ts";
import { guideText, type LabPart as Part } from "../../views/lab-guide.ts";
import { knownMarkers, type TurnMarkers } from "../../views/lab-markers.ts";
import { useActions, usePage } from "../store-context.ts";
import { LabQuestion } from "./LabQuestion.tsx";

/** A part; its heading opens it and closes the one that was open. */
export function LabPart({ part, index }: { readonly part: Part; readonly index: number }) {
  const { openLabPart } = useActions();
  const isOpen = usePage((state) => state.lab.openPart === index);
  const sheet = usePage((state) => sheetOf(state.lab));
  const markers = usePage(knownMarkers);
  const { answered, of } = progressOf(part.questions, sheet);
  const id = `lab-part-${index + 1}`;
  return (
    <section className="lab-part">
      <h3>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => openLabPart(isOpen ? null : index)}
        >
          <b>
            {index + 1}. {part.title}
          </b>
          <span>
            {answered} / {of}
          </span>
        </button>
      </h3>
      {isOpen && (
        <div id={id} className="lab-body">
          <p>
            <Words text={part.task} markers={markers} />
          </p>
          {part.questions.map((question, i) => (
            <LabQuestion key={question.key} question={question} part={index + 1} number={i + 1}>
              <Words text={question.text} markers={markers} />
            </LabQuestion>
          ))}
        </div>
      )}
    </section>
  );
}

/** A guide's text with the model's markers as the strip shows them. */
function Words({ text, markers }: { readonly text: string; readonly markers: TurnMarkers | null }) {
  return guideText(text, markers).map((part, i) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never move
    part.isMarker ? <code key={i}>{part.text}</code> : part.text,
  );
}
