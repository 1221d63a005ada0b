// Look deeper.

import { Drawer } from "../Drawer.tsx";

/** Look deeper. */
export function DeeperDrawer() {
  return <Drawer title="Look deeper">{null}</Drawer>;
}
