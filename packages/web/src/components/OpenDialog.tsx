// The open dialog; what stands in it is loaded when it is first opened.

import { type ComponentType, lazy, Suspense } from "react";
import type { DialogKind } from "../store/layout.ts";
import { usePage } from "./store-context.ts";

const DIALOGS: Readonly<Record<DialogKind, ComponentType>> = {
  keys: lazy(async () => ({ default: (await import("./KeysDialog.tsx")).KeysDialog })),
  share: lazy(async () => ({ default: (await import("./files/ShareDialog.tsx")).ShareDialog })),
  export: lazy(async () => ({ default: (await import("./files/ExportDialog.tsx")).ExportDialog })),
  open: lazy(async () => ({
    default: (await import("./files/OpenFileDialog.tsx")).OpenFileDialog,
  })),
  more: lazy(async () => ({ default: (await import("./files/MoreDialog.tsx")).MoreDialog })),
  models: lazy(async () => ({ default: (await import("./models/ModelsDialog.tsx")).ModelsDialog })),
  tools: lazy(async () => ({ default: (await import("./tools/ToolsDialog.tsx")).ToolsDialog })),
  card: lazy(async () => ({ default: (await import("./lab/LabCard.tsx")).LabCard })),
};

/** The open dialog, if one is. */
export function OpenDialog() {
  const kind = usePage((state) => state.dialog);
  if (kind === null) return null;
  const Content = DIALOGS[kind];
  return (
    <Suspense fallback={null}>
      <Content />
    </Suspense>
  );
}
