// Errors by who acts on them; each message is one sentence that names the thing, the bad value, what was allowed and the remedy.

/** The person who typed or called must act; shown with exit code 2, or as an HTTP 4xx. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly httpStatus: number;
  constructor(message: string, options: ErrorOptions & { readonly httpStatus?: number } = {}) {
    super(message, options);
    this.httpStatus = options.httpStatus ?? 400;
  }
}

/** Whoever made the file must act; the message always says where in the file (byte offset or line). */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** Nobody is at fault yet (download, disk, worker, backend): retry, restart or choose another. */
export class EngineError extends Error {
  override readonly name = "EngineError";
}
