// The wire to an OpenAI-compatible server: JSON and event streams by the `openai` client, which also retries; what fails comes back in our words, without the key.

import { EngineError, UsageError } from "@tokenscope/core";
import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
} from "openai";

const TIMEOUT_MS = 300_000; // a long text on a slow machine
const RETRIES = 6; // some twenty seconds of waiting, more where the server asks for it
const SHOWN_CHARACTERS = 400; // of a server's own words

/** Where a server is and how it is spoken to. */
export interface EndpointOptions {
  readonly baseUrl: string; // such as http://localhost:8000/v1
  readonly apiKey?: string | null;
  readonly retries?: number; // of a request that failed for a reason that may pass
  readonly timeoutMs?: number; // of an answer, and of each event of a stream
  readonly fetch?: typeof fetch;
}

/** A server. Paths are below its base address, such as "/completions"; `atRoot` ones above its /v1, such as "/tokenize". */
export interface Endpoint extends Asking {
  /** The same server, to find out what it can: a 500, which some give for what they do not take, is a refusal there and not tried again. */
  readonly probing: Asking;
}

/** Requests to a server. */
export interface Asking {
  readonly baseUrl: string;
  /** Answers throw as post's. */
  get(path: string, options?: PostOptions): Promise<unknown>;
  /** Answers throw UsageError where the server refuses the request, EngineError where it fails, the signal's reason when aborted. */
  post(path: string, body: object, options?: PostOptions): Promise<unknown>;
  /** The JSON of each server-sent event; throws as post does. */
  stream(path: string, body: object, signal?: AbortSignal): AsyncGenerator<unknown, void, void>;
}

interface PostOptions {
  readonly atRoot?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Opens nothing yet: the first request does. Throws UsageError for an address that is none. */
export function openEndpoint(options: EndpointOptions): Endpoint {
  return { ...askingOf(options, false), probing: askingOf(options, true) };
}

function askingOf(options: EndpointOptions, isProbing: boolean): Asking {
  const baseUrl = parseBaseUrl(options.baseUrl);
  const root = baseUrl.replace(/\/v\d+$/, "");
  const { apiKey = null, retries = RETRIES, timeoutMs = TIMEOUT_MS } = options;
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: apiKey ?? "none",
    ...(apiKey === null && { defaultHeaders: { Authorization: null } }),
    organization: null, // named here: else the client would take them from the environment
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    maxRetries: retries,
    timeout: timeoutMs,
    logLevel: "off",
    fetch: wholeAnswers(options.fetch ?? fetch, isProbing),
  });
  const failed = (error: unknown, path: string, signal?: AbortSignal): unknown =>
    failure(error, { path, baseUrl, apiKey, timeoutMs, isProbing, ...(signal && { signal }) });
  return {
    baseUrl,
    get: (path, { atRoot = false, signal } = {}) =>
      withOwnSignal(signal, async (own) => {
        try {
          return await client.get(atRoot ? root + path : path, { signal: own });
        } catch (error) {
          throw failed(error, path, signal);
        }
      }),
    post: (path, body, { atRoot = false, signal } = {}) =>
      withOwnSignal(signal, async (own) => {
        try {
          return await client.post(atRoot ? root + path : path, { body, signal: own });
        } catch (error) {
          throw failed(error, path, signal);
        }
      }),
    async *stream(path, body, signal) {
      const { own, release, abort } = ownSignal(signal);
      let isLate = false;
      const late = (): void => {
        isLate = true;
        abort();
      };
      try {
        const wanted = { body: { ...body, stream: true }, stream: true, signal: own } as const;
        const events = await client.post<AsyncIterable<unknown>>(path, wanted);
        yield* eachInTime(events, timeoutMs, late);
        signal?.throwIfAborted(); // the client ends an aborted stream without a word
        if (isLate) throw new APIConnectionTimeoutError();
      } catch (error) {
        throw failed(error, path, signal);
      } finally {
        release();
      }
    },
  };
}

/** A connection that was lost while an answer came. */
class LostAnswer extends Error {}

/** An answer is read whole within the client's request, so that its deadline and its retries count for all of it; a stream's is read as it comes. */
function wholeAnswers(ask: typeof fetch, isProbing: boolean): typeof fetch {
  return async (input, init) => {
    const response = await ask(input, init);
    const { status, statusText } = response;
    const headers = new Headers(response.headers);
    if (isProbing && status === 500) headers.set("x-should-retry", "false"); // the client's own word for it
    const isStream = /^text\/event-stream/i.test(headers.get("content-type") ?? "");
    if (response.body === null || (response.ok && isStream)) return response;
    const body = await response.arrayBuffer().catch((error: unknown) => {
      if (init?.signal?.aborted) throw error; // Ctrl-C or the deadline
      throw new LostAnswer("the answer was lost", { cause: error });
    });
    return new Response(body, { status, statusText, headers });
  };
}

/** Events, of which each must come in time. */
async function* eachInTime(
  events: AsyncIterable<unknown>,
  timeoutMs: number,
  late: () => void,
): AsyncGenerator<unknown, void, void> {
  const iterator = events[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(late, timeoutMs);
      const next = await iterator.next().finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** The client leaves its listener on a request's signal for good, and one signal may see 100,000 requests: each gets its own. */
async function withOwnSignal<T>(
  signal: AbortSignal | undefined,
  ask: (own: AbortSignal) => Promise<T>,
): Promise<T> {
  const { own, release } = ownSignal(signal);
  try {
    return await ask(own);
  } finally {
    release();
  }
}

function ownSignal(signal: AbortSignal | undefined) {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  return {
    own: controller.signal,
    abort,
    release: () => signal?.removeEventListener("abort", abort),
  };
}

/** An address without its last slash, and with /v1 where it has no path. Example: "http://localhost:8000" -> "http://localhost:8000/v1". */
function parseBaseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(
      `the server's address ${JSON.stringify(value)} is none; give one such as http://localhost:8000/v1`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(
      "the server's address has a name or password in it; give the key in an environment variable and name that by --api-key-env",
    );
  }
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path === "" ? "/v1" : path}`;
}

interface SentRequest {
  readonly path: string;
  readonly baseUrl: string;
  readonly apiKey: string | null;
  readonly timeoutMs: number;
  readonly isProbing: boolean;
  readonly signal?: AbortSignal;
}

function failure(error: unknown, asked: SentRequest): unknown {
  const { baseUrl, signal, timeoutMs } = asked;
  if (signal?.aborted) return signal.reason;
  if (error instanceof APIUserAbortError) return error;
  if (error instanceof APIConnectionTimeoutError) {
    return new EngineError(
      `${baseUrl} did not answer within ${timeoutMs / 1_000} s; see whether the server is busy, and try again`,
    );
  }
  if (error instanceof APIConnectionError && !(error.cause instanceof LostAnswer)) {
    return new EngineError(
      `${baseUrl} cannot be reached: ${withoutKey(reasonOf(error), asked)}; check the address and that the server runs`,
    );
  }
  if (error instanceof APIError && error.status) return statusFailure(error, asked);
  if (error instanceof SyntaxError) {
    return new EngineError(
      `${baseUrl}${asked.path} answered what is not JSON; check that the address is an OpenAI-compatible server's`,
    );
  }
  if (!(error instanceof Error)) return error;
  const why = shown(reasonOf(error), asked);
  return new EngineError(`${baseUrl}${asked.path} broke off: ${why}; try again`, { cause: error });
}

/** The innermost words: "fetch failed" alone helps nobody. */
function reasonOf(error: Error): string {
  let reason = error;
  while (reason.cause instanceof Error) reason = reason.cause;
  const code = "code" in reason ? String(reason.code) : "";
  return reason.message || code;
}

function statusFailure({ status = 0, message }: APIError, asked: SentRequest): Error {
  const { baseUrl, path, isProbing } = asked;
  const words = shown(message.replace(/^\d+ /, ""), asked);
  const answer = `${baseUrl}${path} answered ${status}: ${words}`;
  if (status === 401 || status === 403) {
    return new UsageError(
      `${answer}; put the key into an environment variable and name it by --api-key-env`,
      { httpStatus: status },
    );
  }
  const isPassing = [408, 409, 429].includes(status) || (status >= 500 && status !== 501); // 501: not there at all
  if (isPassing && !(isProbing && status === 500))
    return new EngineError(`${answer}; try again later, or with less at once`);
  return new UsageError(answer, { httpStatus: status });
}

/** The beginning of a server's own words. */
function shown(words: string, asked: SentRequest): string {
  const said = withoutKey(words, asked).trim();
  return said.length > SHOWN_CHARACTERS ? `${said.slice(0, SHOWN_CHARACTERS)}...` : said;
}

/** A server may repeat the key that it refuses. */
function withoutKey(text: string, { apiKey }: Pick<SentRequest, "apiKey">): string {
  return apiKey === null || apiKey === "" ? text : text.replaceAll(apiKey, "(the key)");
}
