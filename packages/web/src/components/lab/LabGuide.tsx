// The lab guide beside the document; on a phone over the whole page.

import "../../styles/lab.css";
import { type DragEvent, type ReactNode, useEffect, useRef } from "react";
import { isAnswered, progressOf, sheetOf } from "../../store/lab.ts";
import { BUILT_IN } from "../../views/lab-parts.ts";
import { useActions, usePage } from "../store-context.ts";
import { PHONE, useMedia } from "../use-media.ts";
import { LabFoot } from "./LabFoot.tsx";
import { LabPart } from "./LabPart.tsx";
import { LabStart } from "./LabStart.tsx";
import { useLabFile } from "./use-lab-file.ts";

/** The guide: parts as steps, one open, with places to write. */
export function LabGuide() {
  const isPhone = useMedia(PHONE);
  const { toggleLab } = useActions();
  return isPhone ? (
    <PhoneFrame close={toggleLab}>
      <Guide />
    </PhoneFrame>
  ) : (
    <SideFrame close={toggleLab}>
      <Guide />
    </SideFrame>
  );
}

interface FrameProps {
  readonly close: () => void;
  readonly children: ReactNode;
}

/** Takes the focus when a person opens it, not when the page opens with it; Escape closes it and gives the focus back. */
function SideFrame({ close, children }: FrameProps) {
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    if (before === document.body || !(before instanceof HTMLElement)) return;
    frame.current?.focus({ preventScroll: true });
    return () => {
      if (before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside
      ref={frame}
      id="lab-guide"
      className="lab-pane"
      aria-label="Lab guide"
      tabIndex={-1}
      onKeyDown={(event) => {
        const isTyping = event.nativeEvent.isComposing; // an input method has its own Escape
        if (event.key !== "Escape" || event.defaultPrevented || isTyping) return;
        event.preventDefault();
        close();
      }}
    >
      {children}
    </aside>
  );
}

/** The browser keeps the focus in it, and Escape closes it. */
function PhoneFrame({ close, children }: FrameProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      id="lab-guide"
      className="lab-pane"
      aria-label="Lab guide"
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      {children}
    </dialog>
  );
}

function Guide() {
  const lab = usePage((state) => state.lab);
  const { toggleLab, openLabGuide } = useActions();
  const { openFile } = useLabFile();
  const guide = lab.guide ?? BUILT_IN;
  const sheet = sheetOf(lab);
  const progress = progressOf(
    guide.parts.flatMap((part) => part.questions),
    sheet,
  );
  const onDrop = (event: DragEvent) => {
    const file = event.dataTransfer.files[0];
    if (file === undefined) return; // a text, which the browser puts where it is dropped
    event.preventDefault(); // it would leave the page for the file
    event.stopPropagation(); // a lab file is no conversation
    void openFile(file);
  };
  const onDragOver = (event: DragEvent) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping a file is the mouse's way of the button "Open a lab file"
    <div className="lab-scroll" onDragOver={onDragOver} onDrop={onDrop}>
      <header className="lab-head">
        <h2>Lab guide</h2>
        <span className="label">
          {progress.answered} of {progress.of} answered
        </span>
        <button type="button" className="btn plain" onClick={toggleLab}>
          Close
        </button>
        <div className="lab-progress" aria-hidden="true">
          {guide.parts.map((part) => (
            <span key={part.questions[0]?.key} style={{ flexGrow: part.questions.length }}>
              {part.questions.map(({ key }) => (
                <i key={key} className={isAnswered(sheet, key) ? "done" : ""} />
              ))}
            </span>
          ))}
        </div>
      </header>
      {lab.guide !== null && (
        <p className="lab-own">
          <span>{lab.guide.title}</span>
          <button type="button" className="btn plain" onClick={() => openLabGuide(null)}>
            Use the built-in guide
          </button>
        </p>
      )}
      {guide.start !== null && <LabStart start={guide.start} />}
      {guide.parts.map((part, index) => (
        <LabPart key={part.questions[0]?.key} part={part} index={index} />
      ))}
      <LabFoot />
    </div>
  );
}
