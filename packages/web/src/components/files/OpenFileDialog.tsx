// Open.

import { Dialog } from "../Dialog.tsx";

/** Open. */
export function OpenFileDialog() {
  return <Dialog title="Open">{null}</Dialog>;
}
