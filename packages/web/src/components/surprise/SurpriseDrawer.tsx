// Surprise along the text.

import { Drawer } from "../Drawer.tsx";

/** Surprise along the text. */
export function SurpriseDrawer() {
  return <Drawer title="Surprise along the text">{null}</Drawer>;
}
