// Opening the page in the person's browser, where there is a desktop to open it on.

import { spawn } from "node:child_process";

/** Asks the desktop to open an address; where there is none, or it refuses, nothing happens: the address is printed anyway. */
export function openPage(url: string): void {
  const command = openCommand(process.platform, process.env);
  if (command === null) return;
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, url], { detached: true, stdio: "ignore" });
  child.on("error", () => {}); // no such program: the person opens the address by hand
  child.unref();
}

/** The command that opens an address, or null where there is no desktop. */
export function openCommand(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] | null {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["cmd", "/c", "start", ""];
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? ["xdg-open"] : null;
}
