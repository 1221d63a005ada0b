// More, on a phone: what the top bar has no room for.

import "../../styles/files.css";
import { Dialog } from "../Dialog.tsx";
import { FileButtons, ThemeButton } from "../TopBar.tsx";

/** A plain list of the verbs on whole conversations, and the theme. */
export function MoreDialog() {
  return (
    <Dialog title="More">
      <div className="more">
        <FileButtons className="btn" />
        <ThemeButton className="btn" />
      </div>
    </Dialog>
  );
}
