// The page's root: what is opened, and what runs it. Everything else is given its parts.

import "./components/styles.ts";
import { openPage } from "./components/open-page.tsx";
import { loadRecording, recordingOpening } from "./recording/recording.ts";
import { createPageStore } from "./store/create-store.ts";
import { followSaving, forgetSaved, readSaved, tabName } from "./store/saved.ts";
import { findModel } from "./store/served-models.ts";
import { startModelWorker } from "./worker/model-client.ts";

const root = document.getElementById("root");
if (root === null) throw new RangeError("the page has no element #root");

const tab = tabName();
const saved = await readSaved(tab, async () => (await loadRecording()).vocabulary);
const opening = saved ?? recordingOpening(await loadRecording());
const store = createPageStore({
  opening,
  startWorker: startModelWorker,
  findModel,
  loadRecording,
});
followSaving(store, tab);
openPage(root, store, () => forgetSaved(tab));
