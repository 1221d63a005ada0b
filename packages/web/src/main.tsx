// The page's root: what is opened, and what runs it. Everything else is given its parts.

import "./components/styles.ts";
import type { StoreApi } from "zustand/vanilla";
import { openPage } from "./components/open-page.tsx";
import { browserIsolation, isolatePage, registerServiceWorker } from "./offline/register.ts";
import { loadRecording, recordingOpening } from "./recording/recording.ts";
import { createPageStore } from "./store/create-store.ts";
import { followFiles } from "./store/files.ts";
import { followSaving, forgetSaved, readSaved, tabName } from "./store/saved.ts";
import { findModel } from "./store/served-models.ts";
import type { Store } from "./store/state.ts";
import { holdsSession } from "./views/link-code.ts";
import { type ModelClient, startModelWorker } from "./worker/model-client.ts";
import { pageClient } from "./worker/page-client.ts";
import { pause } from "./worker/pause.ts";

const isServed = import.meta.env.PROD; // Vite's own server builds no service worker
const root = document.getElementById("root");
if (root === null) throw new RangeError("the page has no element #root");

const tab = tabName();
const saved = await readSaved(tab, async () => (await loadRecording()).vocabulary);
const opening = saved ?? recordingOpening(await loadRecording());
const store = createPageStore({
  opening,
  startWorker: startClient,
  findModel,
  loadRecording,
});
followSaving(store, tab);
followFiles(store);
if (holdsSession(location.hash)) await store.getState().actions.openText(location.href);
openPage(root, store, {
  forget: () => forgetSaved(tab),
  beforeModel: () =>
    isServed ? isolatePage(browserIsolation(() => isUntouched(store))) : Promise.resolve(),
});
if (isServed)
  void afterModel(store)
    .then(registerServiceWorker)
    .catch(() => undefined); // without one the page only needs its network

/** The model in a worker, or on the server that the page comes from. */
function startClient(): ModelClient {
  return pageClient({
    startWorker: startModelWorker,
    startServed: async () => {
      const { servedClient } = await import("./worker/served-client.ts");
      return servedClient({ fetch: (input, init) => fetch(input, init), wait: pause, onSilence });
    },
  });
}

const SILENCE =
  "The server does not answer. Your conversation is kept, and what was asked goes on as soon as it is back.";

function onSilence(isSilent: boolean): void {
  store.setState(({ problem }) => {
    if (isSilent) return { problem: SILENCE };
    return { problem: problem === SILENCE ? null : problem };
  });
}

/** True while nothing was written, so that a reload loses nothing. */
function isUntouched({ getState }: StoreApi<Store>): boolean {
  const { history, message } = getState();
  return history.past.length === 0 && message === "";
}

/** Resolves once the model is there or has failed: the files for the next visit wait for what this one needs. */
function afterModel(store: StoreApi<Store>): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.subscribe(({ model }) => {
      if (model.kind !== "ready" && model.kind !== "failed") return;
      stop();
      resolve();
    });
  });
}
