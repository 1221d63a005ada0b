// What an address asks of the lab guide: "#lab=2" opens a part, "#lab=labs/example.json" or "?lab=…" a lab file.

import { useEffect } from "react";
import { labAddress } from "../../views/lab-address.ts";
import { usePageStore } from "../store-context.ts";

/** Follows the address, when the page opens and when its fragment is changed by hand. */
export function useLabAddress(): void {
  const store = usePageStore();
  useEffect(() => {
    const follow = async (search: string): Promise<void> => {
      const asked = labAddress(search, location.hash);
      if (asked === null) return;
      if (asked.kind === "part") {
        store.getState().actions.openLabPart(asked.part);
        store.setState({ isLabOpen: true });
        return;
      }
      const { openLabUrl } = await import("./use-lab-file.ts");
      await openLabUrl(store, asked.url);
    };
    const onHash = () => void follow("");
    void follow(location.search);
    addEventListener("hashchange", onHash);
    return () => removeEventListener("hashchange", onHash);
  }, [store]);
}
