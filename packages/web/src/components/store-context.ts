// The page's store, as components reach it.

import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { StoreApi } from "zustand/vanilla";
import type { Actions, Store } from "../store/state.ts";

/** The store of the page around a component. */
export const StoreContext = createContext<StoreApi<Store> | null>(null);

/** The store itself, for what is read when a key is pressed and not drawn. */
export function usePageStore(): StoreApi<Store> {
  const store = useContext(StoreContext);
  if (store === null) throw new RangeError("usePageStore: there is no StoreContext around this");
  return store;
}

/** A part of the state; the component is drawn again when it changes. */
export function usePage<T>(part: (state: Store) => T): T {
  return useStore(usePageStore(), part);
}

/** Everything a person can do. */
export function useActions(): Actions {
  return usePage((state) => state.actions);
}
