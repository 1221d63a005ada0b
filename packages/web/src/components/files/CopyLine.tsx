// A line of text to take along, with the button that copies it.

import { useEffect, useId, useRef, useState } from "react";

interface CopyLineProps {
  readonly label: string;
  readonly text: string;
  readonly copyWords: string;
  /** Said under the line. */
  readonly note?: string;
}

const SAID_FOR_MS = 1600; // long enough to read one word

/** A read-only field that is selected when it gets the focus, and Copy. */
export function CopyLine({ label, text, copyWords, note }: CopyLineProps) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      field.current?.select();
      setSaid("Press Ctrl+C"); // the browser or the person refused; the text is selected
    }
  };
  return (
    <div className="copy-line">
      <label htmlFor={id}>{label}</label>
      <div>
        <input
          id={id}
          ref={field}
          className="field mono"
          value={text}
          readOnly
          onFocus={(event) => event.target.select()}
        />
        <button type="button" className="btn" aria-live="polite" onClick={() => void copy()}>
          {said === "" ? copyWords : said}
        </button>
      </div>
      {note !== undefined && <p className="say">{note}</p>}
    </div>
  );
}
