// Export.

import { Dialog } from "../Dialog.tsx";

/** Export. */
export function ExportDialog() {
  return <Dialog title="Export">{null}</Dialog>;
}
