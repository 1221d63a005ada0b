// The neighbour: another conversation beside the own, where the two part, and why.

import { Drawer } from "../Drawer.tsx";

/** The other conversation. */
export function NeighbourDrawer() {
  return <Drawer title="Neighbour">{null}</Drawer>;
}
