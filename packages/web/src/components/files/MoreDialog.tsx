// More, on a phone: what the top bar and the status bar have no room for.

import "../../styles/files.css";
import { statusBar } from "../../views/status.ts";
import { Dialog } from "../Dialog.tsx";
import { EngineChoice } from "../EngineChoice.tsx";
import { usePage } from "../store-context.ts";
import { FileButtons, KeysButton, ThemeButton } from "../TopBar.tsx";

/** A plain list of the verbs on whole conversations, the keys, the theme, and the engine with its reason. */
export function MoreDialog() {
  const model = usePage((state) => state.model);
  const isBusy = usePage((state) => state.work.kind === "generating");
  const status = statusBar({ model }, 0);
  return (
    <Dialog title="More">
      <div className="more">
        <FileButtons className="btn" />
        <KeysButton className="btn" />
        <ThemeButton className="btn" />
        {status.engine !== "" && (
          <div className="more-engine">
            <span className="label">Runs on</span> <EngineChoice status={status} isBusy={isBusy} />
            {status.engineReason !== "" && <p className="label">{status.engineReason}</p>}
          </div>
        )}
      </div>
    </Dialog>
  );
}
