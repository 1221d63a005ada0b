// npm start: everything from a fresh clone to the page in the browser. `npm start -- --no-open --port 9000` hands its options to `tokenscope serve`.

process.argv.splice(2, 0, "serve");
await import("./tokenscope.mjs");
