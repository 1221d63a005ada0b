/// <reference lib="webworker" />
// A helper thread of the kernel: a worker's script, which waits in the kernel from its first message on.

import { serveThread, type ThreadStart } from "@tokenscope/engine";

self.addEventListener("message", ({ data }: MessageEvent<ThreadStart>) => void serve(data));

async function serve(start: ThreadStart): Promise<void> {
  try {
    await serveThread(start, () => self.postMessage(null));
  } catch (error) {
    self.postMessage(String(error));
  }
}
