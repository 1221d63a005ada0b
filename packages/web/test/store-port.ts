// A worker's port without a worker: messages are copied and come a task later, as postMessage does it.

import type { WorkerPort } from "../src/worker/model-client.ts";
import type { FromWorker, ToWorker } from "../src/worker/protocol.ts";

/** Waits for the next task; everything posted before has come by then. */
export const nextTask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class PortErrorEvent extends Event {
  readonly message: string;
  constructor(type: string, { message }: { readonly message: string }) {
    super(type);
    this.message = message;
  }
}
globalThis.ErrorEvent ??= PortErrorEvent as never; // a browser has it, Node does not

export interface Port extends WorkerPort {
  /** The worker's side: sends a message to the page. */
  post(message: FromWorker): void;
  /** The worker fails, with the message of the browser's error event. */
  die(message: string): void;
  /** Fires any event at the page, such as a messageerror. */
  fire(event: Event): void;
  readonly isTerminated: boolean;
  /** Messages on their way, either direction. */
  undelivered(): number;
}

/** A port whose worker is a function. */
export function port(receive: (message: ToWorker) => void): Port {
  const target = new EventTarget();
  let isTerminated = false;
  let undelivered = 0;
  const later = (deliver: () => void): void => {
    undelivered += 1;
    setImmediate(() => {
      undelivered -= 1;
      if (!isTerminated) deliver();
    });
  };
  return {
    get isTerminated() {
      return isTerminated;
    },
    undelivered: () => undelivered,
    postMessage(message) {
      const copy = structuredClone(message);
      later(() => receive(copy));
    },
    post(message) {
      const data = structuredClone(message);
      later(() => void target.dispatchEvent(new MessageEvent("message", { data })));
    },
    die: (message) => void target.dispatchEvent(new ErrorEvent("error", { message })),
    fire: (event) => void target.dispatchEvent(event),
    terminate() {
      isTerminated = true;
    },
    addEventListener: (type, listener) => target.addEventListener(type, listener),
  };
}
