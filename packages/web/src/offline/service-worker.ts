/// <reference lib="webworker" />
// The service worker: the page without a network, and isolated on hosts that send no headers. The build script sets its lists.

import { isolated, requestKind } from "./page-requests.ts";
import { keptPage } from "./page-versions.ts";

declare const self: ServiceWorkerGlobalScope;
declare const PAGE_VERSION: string;
declare const PAGE_ENTRY: string;
declare const PAGE_FILES: readonly string[];
/** Of WebGPU: many megabytes that only a browser with a graphics processor asks for. */
declare const GPU_FILES: readonly string[];

const PATIENCE_MS = 4000; // a network that hangs is as good as none
const BUILD = { version: PAGE_VERSION, entry: PAGE_ENTRY, files: PAGE_FILES };
const { scope } = self.registration;
const kept = keptPage(caches, scope);

self.addEventListener("install", (event) => {
  event.waitUntil(kept.keep(BUILD).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(kept.dropOld(BUILD).then(() => self.clients.claim()));
  void keepGpuFiles();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  switch (requestKind(request, { scope, files: PAGE_FILES })) {
    case "page": // not kept when it comes: its files may not all be here
      event.respondWith(newest(fetch(request), scope).then(isolated));
      return;
    case "plain":
      event.respondWith(newest(fetchAndKeep(request), request.url).then(isolated));
      return;
    case "hashed":
      event.respondWith(hashed(request).then(isolated));
      return;
    default:
      return;
  }
});

/** The network's answer while it comes in time, else the kept one, else whatever the network says in the end. */
async function newest(answer: Promise<Response>, url: string): Promise<Response> {
  answer.catch(() => undefined); // it may fail after the kept one was given
  const late = new Promise<null>((resolve) => setTimeout(resolve, PATIENCE_MS, null));
  const inTime = await Promise.race([answer, late]).catch(() => null);
  if (inTime !== null && inTime.status < 500) return inTime;
  return (await kept.match(url)) ?? answer;
}

async function hashed(request: Request): Promise<Response> {
  return (await kept.match(request.url)) ?? fetchAndKeep(request);
}

async function fetchAndKeep(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.status === 200) await kept.put(BUILD, request.url, response.clone());
  return response;
}

/** So that the engine that ran with a network runs without one too. */
async function keepGpuFiles(): Promise<void> {
  const gpu: GPU | undefined = navigator.gpu; // none in many browsers' service workers
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (adapter && !adapter.info.isFallbackAdapter) await kept.keepMore(BUILD, GPU_FILES);
}
