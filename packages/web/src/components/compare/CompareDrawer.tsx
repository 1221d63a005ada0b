// Compare branches.

import { Drawer } from "../Drawer.tsx";

/** Compare branches. */
export function CompareDrawer() {
  return <Drawer title="Compare branches">{null}</Drawer>;
}
