// The page of the engines' test: a worker, and a function that asks it one question after another.

import type { Heard, Question } from "./protocol.ts";

const worker = new Worker(new URL("./engines-worker.ts", import.meta.url), { type: "module" });

function ask(question: Question): Promise<Heard> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Heard>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(question);
  });
}

Object.assign(window, { ask });
