// Errors of the API in OpenAI's shape: {"error": {"message", "type", "param", "code"}}. Knows no route.

import { EngineError, FormatError, UsageError } from "@tokenscope/core";

interface RequestErrorOptions extends ErrorOptions {
  readonly httpStatus?: number;
  readonly param?: string | null;
  readonly code?: string | null;
}

/** A UsageError that also says which field it is about. */
export class RequestError extends UsageError {
  readonly param: string | null;
  readonly code: string | null;
  constructor(message: string, options: RequestErrorOptions = {}) {
    super(message, options);
    this.param = options.param ?? null;
    this.code = options.code ?? null;
  }
}

/** Another server failed that this one asked. */
export class BeyondError extends EngineError {}

/** What the client gets. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly message: string;
      readonly type: string;
      readonly param: string | null;
      readonly code: string | null;
    };
  };
}

/** An error as an answer; what nobody foresaw is "internal error", without its text. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const status = statusOf(error);
  const known = status < 500 || error instanceof EngineError;
  const message = known && error instanceof Error ? error.message : "internal error";
  const { param, code } = error instanceof RequestError ? error : { param: null, code: null };
  return { status, body: { error: { message, type: typeOf(status), param, code } } };
}

/** A template that fails on these messages is the client's to mend: it came with them. */
function statusOf(error: unknown): number {
  if (error instanceof UsageError) return error.httpStatus;
  if (error instanceof BeyondError) return 502;
  return error instanceof FormatError ? 400 : 500;
}

const TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  429: "rate_limit_error",
};

function typeOf(status: number): string {
  if (status >= 500) return "server_error";
  return TYPES[status] ?? "invalid_request_error";
}
