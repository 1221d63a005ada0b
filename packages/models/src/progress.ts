// What a fetch tells while it runs. Knows no clock: speed and time left are the viewer's.

/** Bytes that have arrived from one source; `totalBytes` is null where the source does not say. */
export interface FetchProgress {
  readonly source: string;
  readonly receivedBytes: number;
  readonly totalBytes: number | null;
}

/** A source that could not give the file, and why; the next one is tried at once. */
export interface SourceFailure {
  readonly source: string;
  readonly reason: string;
}
