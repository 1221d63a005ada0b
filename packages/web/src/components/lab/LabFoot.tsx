// The foot of the guide: whose worksheet it is, the files it becomes, and an instructor's own lab.

import { useRef } from "react";
import { useActions, usePage } from "../store-context.ts";
import { useLabFile } from "./use-lab-file.ts";
import { useWorksheet } from "./use-worksheet.ts";

/** Hand in, and the instructor's part. */
export function LabFoot() {
  const author = usePage((state) => state.lab.author);
  const { setLabAuthor, openDialog } = useActions();
  const { saveMarkdown, saveHtml, print } = useWorksheet();
  const { openFile } = useLabFile();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <footer className="lab-foot">
      <section aria-label="Hand in">
        <h3>Hand in</h3>
        <label>
          Name
          <input
            className="field"
            value={author}
            autoComplete="name"
            onChange={(event) => setLabAuthor(event.target.value)}
          />
        </label>
        <div className="lab-acts">
          <button type="button" className="btn" onClick={print}>
            Print worksheet
          </button>
          <button type="button" className="btn" onClick={saveHtml}>
            Save as HTML
          </button>
          <button type="button" className="btn" onClick={saveMarkdown}>
            Save as Markdown
          </button>
        </div>
      </section>
      <section aria-label="For instructors">
        <h3>For instructors</h3>
        <div className="lab-acts">
          <button type="button" className="btn plain" onClick={() => picker.current?.click()}>
            Open a lab file
          </button>
          <button type="button" className="btn plain" onClick={() => openDialog("card")}>
            Students’ card
          </button>
        </div>
        <input
          ref={picker}
          type="file"
          accept=".json,application/json"
          hidden
          aria-label="Lab file"
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            if (file !== undefined) void openFile(file);
            event.target.value = ""; // the same file may be chosen again
          }}
        />
      </section>
    </footer>
  );
}
