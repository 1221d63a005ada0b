// Models.

import { Dialog } from "../Dialog.tsx";

/** Models. */
export function ModelsDialog() {
  return <Dialog title="Models">{null}</Dialog>;
}
