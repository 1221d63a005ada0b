// Streams of completions against a server, and what each of them saw. Knows the API and no server of ours.

/**
 * One streamed completion: tokens, when the first came, and whether it went wrong.
 * @returns {Promise<{ readonly tokens: number, readonly firstMs: number | null, readonly error: string | null }>}
 */
async function complete(url, { prompt, maxTokens, seed, signal, onToken }) {
  const startedAt = performance.now();
  const seen = { tokens: 0, firstMs: null };
  try {
    const body = {
      prompt,
      max_tokens: maxTokens,
      seed,
      stream: true,
      logprobs: 0,
      ignore_eos: true,
    };
    const response = await fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
    if (!response.ok) return { ...seen, error: `${response.status}: ${await response.text()}` };
    for await (const event of events(response.body)) {
      if (event.error) return { ...seen, error: event.error.message };
      const tokens = event.choices[0]?.logprobs?.tokens.length ?? 0;
      if (tokens > 0) seen.firstMs ??= performance.now() - startedAt;
      seen.tokens += tokens;
      onToken(tokens);
    }
    return { ...seen, error: seen.tokens === maxTokens ? null : `${seen.tokens} tokens came` };
  } catch (error) {
    return { ...seen, error: signal.aborted ? null : String(error.cause ?? error) };
  }
}

async function* events(body) {
  const decoder = new TextDecoder();
  let held = "";
  for await (const chunk of body) {
    const lines = (held + decoder.decode(chunk, { stream: true })).split("\n\n");
    held = lines.pop();
    for (const line of lines) if (line !== "data: [DONE]") yield JSON.parse(line.slice(6));
  }
}

/** As many streams at once as told, for so long: each asks again when it was answered. */
export async function runStreams(url, { streams, seconds, maxTokens }) {
  const controller = new AbortController();
  const seen = [];
  let tokens = 0;
  const onToken = (count) => {
    tokens += count;
  };
  const startedAt = performance.now();
  const timer = setTimeout(() => controller.abort(), seconds * 1000);
  const stream = async (index) => {
    for (let turn = 0; !controller.signal.aborted; turn += 1) {
      const asked = { prompt: promptOf(index, turn), maxTokens, seed: turn, onToken };
      seen.push(await complete(url, { ...asked, signal: controller.signal }));
    }
  };
  await Promise.all(Array.from({ length: streams }, (_, index) => stream(index)));
  clearTimeout(timer);
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  return {
    requests: seen.length,
    errors: seen.flatMap(({ error }) => error ?? []),
    tokensPerSecond: tokens / elapsedSeconds,
    firstMs: seen.flatMap(({ firstMs }) => firstMs ?? []),
  };
}

/** So many short requests, four at a time; `onDone` hears how many are done. */
export async function runRequests(url, { requests, onDone }) {
  const { signal } = new AbortController();
  const errors = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < requests) {
      const turn = next;
      next += 1;
      const asked = { prompt: promptOf(turn % 7, turn), maxTokens: 8, seed: turn, onToken() {} };
      const { error } = await complete(url, { ...asked, signal });
      if (error !== null) errors.push(error);
      done += 1;
      onDone(done);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return { errors };
}

const BEGINNINGS = [
  "The history of the bridge begins with",
  "A recipe for bread needs",
  "The committee met on Tuesday to discuss",
  "In the northern part of the island",
  "She opened the letter and read",
  "Light travels through glass because",
  "The first rule of the game is",
];

/** A prompt that no other request has, behind a beginning that some have. */
function promptOf(index, turn) {
  return `${BEGINNINGS[index % BEGINNINGS.length]} number ${index * 1_000 + turn}, and then`;
}

/** The value below which this share of the values lies. Example: [1, 2, 3, 4], 0.5 -> 2. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
