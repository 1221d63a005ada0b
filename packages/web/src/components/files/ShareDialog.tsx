// Share.

import { Dialog } from "../Dialog.tsx";

/** Share. */
export function ShareDialog() {
  return <Dialog title="Share">{null}</Dialog>;
}
