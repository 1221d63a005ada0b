// What the engine needs of Node: files on disk, and the kernel's code and threads.

export { type FileSource, openFileSource } from "./file-source.ts";
export { loadNodeKernel } from "./kernel-runtime.ts";
