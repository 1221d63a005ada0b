// Tool definitions.

import { Dialog } from "../Dialog.tsx";

/** Tool definitions. */
export function ToolsDialog() {
  return <Dialog title="Tool definitions">{null}</Dialog>;
}
