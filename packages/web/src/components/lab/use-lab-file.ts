// Opens an instructor's lab file, from this machine or from an address.

import type { Store } from "../../store/state.ts";
import { usePageStore } from "../store-context.ts";

/** Opening files into the page around a component; what goes wrong becomes the page's problem. */
export function useLabFile(): { readonly openFile: (file: File) => Promise<void> } {
  const store = usePageStore();
  return {
    async openFile(file) {
      try {
        const { parseLabFile } = await import("../../views/lab-file.ts");
        store.getState().actions.openLabGuide(parseLabFile(await file.text(), file.name));
      } catch (error) {
        store.setState({ problem: wordsOf(error) });
      }
    },
  };
}

/** Fetches a lab file and opens it; what goes wrong becomes the page's problem. */
export async function openLabUrl(
  store: { getState(): Store; setState(part: Partial<Store>): void },
  address: string,
): Promise<void> {
  try {
    const url = new URL(address, document.baseURI);
    const answer = await fetch(url).catch(() => null);
    const isOpen = store.getState().lab.guideUrl === url.href; // kept from an earlier visit
    if (answer === null && isOpen) return;
    if (answer === null) throw new Error(unreachable(url));
    if (!answer.ok)
      throw new Error(`There is no lab file at ${url}: the server said ${answer.status}.`);
    const { parseLabFile } = await import("../../views/lab-file.ts");
    store.getState().actions.openLabGuide(parseLabFile(await answer.text(), url.href), url.href);
  } catch (error) {
    store.setState({ problem: wordsOf(error) });
  }
}

function unreachable(url: URL): string {
  const isOther = url.origin !== location.origin;
  const remedy = isOther
    ? "this page may load from its own server alone: put the file there, or open it from this machine"
    : "check the address";
  return `The lab file at ${url} cannot be reached; ${remedy}.`;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
