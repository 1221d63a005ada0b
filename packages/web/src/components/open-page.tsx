// Puts the page on screen and starts the store once the first picture is there.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { StoreApi } from "zustand/vanilla";
import type { Store } from "../store/state.ts";
import { parseAddress } from "../views/address.ts";
import { App } from "./App.tsx";
import { PageBoundary } from "./PageBoundary.tsx";
import { StoreContext } from "./store-context.ts";

interface OpenOptions {
  readonly forget: () => Promise<void>;
  /** Resolves when the model may start. */
  readonly beforeModel: () => Promise<void>;
}

/** Draws the page into an element. The model's worker starts after the first paint, which never waits for it. */
export function openPage(
  element: HTMLElement,
  store: StoreApi<Store>,
  { forget, beforeModel }: OpenOptions,
): void {
  const { theme } = parseAddress(location.hash);
  if (theme !== undefined) store.getState().actions.setTheme(theme); // before the first paint
  createRoot(element).render(
    <StrictMode>
      <PageBoundary forget={forget}>
        <StoreContext value={store}>
          <App />
        </StoreContext>
      </PageBoundary>
    </StrictMode>,
  );
  // Two frames: the first is drawn by React, the second comes after it was painted.
  const start = (): void => void beforeModel().then(() => store.getState().actions.start());
  requestAnimationFrame(() => requestAnimationFrame(start));
}
