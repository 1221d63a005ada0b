// A helper thread of the kernel in the browser. Built by Vite.

import { serveThread } from "@tokenscope/engine";

addEventListener("message", ({ data }) => serveThread(data, () => postMessage("ready")));
