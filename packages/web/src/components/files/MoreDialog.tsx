// More, on a phone: what the top bar has no room for.

import "../../styles/files.css";
import { Dialog } from "../Dialog.tsx";
import { FileButtons, KeysButton, ThemeButton } from "../TopBar.tsx";

/** A plain list of the verbs on whole conversations, the keys, and the theme. */
export function MoreDialog() {
  return (
    <Dialog title="More">
      <div className="more">
        <FileButtons className="btn" />
        <KeysButton className="btn" />
        <ThemeButton className="btn" />
      </div>
    </Dialog>
  );
}
