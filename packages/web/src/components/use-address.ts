// Keeps the page's place in its address: reads it once there is a document, then writes it as one moves.

import { useEffect, useRef } from "react";
import type { Store } from "../store/state.ts";
import { type Address, formatAddress, parseAddress } from "../views/address.ts";
import { holdsSession } from "../views/link-code.ts";
import { activeDocumentPath, lastPosition } from "../views/path.ts";
import { usePage, usePageStore } from "./store-context.ts";

const WRITE_AFTER_MS = 250; // browsers refuse an address that changes with every arrow key

/** Connects the store and the address, both ways. */
export function useAddress(): void {
  const store = usePageStore();
  const isEmpty = usePage((state) => state.history.present.nodes.length === 0);
  const isRead = useRef(false);
  useEffect(() => {
    if (isRead.current || isEmpty) return;
    isRead.current = true;
    goTo(store.getState(), parseAddress(location.hash), () => store.getState());
  }, [store, isEmpty]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unsubscribe = store.subscribe((state) => {
      if (!isRead.current) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        const branch = state.history.present.activeKey;
        const hash = formatAddress({ ...state, branch });
        if (hash !== location.hash) history.replaceState(null, "", hash);
      }, WRITE_AFTER_MS);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [store]);
}

/** Opens a link that is pasted into the address of an open page. */
export function useLinks(): void {
  const store = usePageStore();
  useEffect(() => {
    const open = (): void => {
      if (holdsSession(location.hash)) void store.getState().actions.openText(location.href);
    };
    addEventListener("hashchange", open);
    return () => removeEventListener("hashchange", open);
  }, [store]);
}

/** Goes where an address says, as far as this document has such a place. */
function goTo({ actions, history }: Store, address: Address, now: () => Store): void {
  const { branch, position, view, span } = address;
  if (branch !== undefined && history.present.branches.some(({ key }) => key === branch)) {
    actions.switchBranch(branch);
  }
  const path = activeDocumentPath(now().history.present);
  if (position !== undefined && position <= lastPosition(path)) actions.moveTo(position);
  if (view !== undefined) actions.setView(view);
  if (span !== undefined && span.to < path.nodes.length) actions.selectSpan(span);
}
