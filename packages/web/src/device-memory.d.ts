// What Chromium tells of the device and TypeScript's DOM types leave out (W3C Device Memory).

interface Navigator {
  /** Gigabytes, rounded, at most 8; absent in other browsers. */
  readonly deviceMemory?: number;
}
