// Copies a text to the clipboard, and says that it did.

import { useEffect, useState } from "react";

const SAID_FOR_MS = 1600; // long enough to read one word

/** "Copy as text"; `text` is made when it is pressed. */
export function CopyButton({ text }: { readonly text: () => string }) {
  const [said, setSaid] = useState<"" | "Copied" | "Not allowed here">("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text());
      setSaid("Copied");
    } catch {
      setSaid("Not allowed here"); // the browser or the person refused; the text is still on screen
    }
  };
  return (
    <button type="button" className="btn plain copy" onClick={() => void copy()}>
      {said === "" ? "Copy as text" : said}
    </button>
  );
}
