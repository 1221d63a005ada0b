// A contestant is a child process: its threads and memory are its own, and it waits while another is measured.

import { fork } from "node:child_process";

/**
 * Starts a contestant's file and waits until it says what it is.
 * @param {string} path a module that calls `serveMeasurements`
 * @param {unknown} options handed to it as JSON
 */
export async function openContestant(path, options) {
  const child = fork(path, [JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const onExit = (code) => reject(new Error(`bench: ${path} ended with exit code ${code}`));
      child.once("exit", onExit);
      child.once("message", (message) => {
        child.off("exit", onExit);
        if (message.error === undefined) resolve(message.result);
        else reject(new Error(`bench: ${path}: ${message.error}`));
      });
    });
  const about = await answer();
  return {
    about,
    /** Runs one measurement by name; values in ms. */
    measure: async (name, input) => {
      child.send({ name, input });
      return await answer();
    },
    close: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.disconnect();
      await ended;
    },
  };
}

/**
 * The child's side: answers measurements one after another until the parent lets go.
 * @param {unknown} about what the parent gets first
 * @param {Record<string, (input: any) => Promise<Record<string, number>>>} measurements
 */
export function serveMeasurements(about, measurements) {
  process.on("message", async ({ name, input }) => {
    try {
      process.send({ result: await measurements[name](input) });
    } catch (error) {
      process.send({
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
  process.on("disconnect", () => process.exit(0));
  process.send({ result: about });
}
