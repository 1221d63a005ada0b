// Whether an address leads anywhere but to the machine that it is typed on.

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** True for a host name that is every machine's name for itself. */
export function isOwnMachine(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
