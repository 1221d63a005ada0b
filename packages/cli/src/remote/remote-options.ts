// --engine openai: a command on a model behind an OpenAI-compatible server.

import { UsageError } from "@tokenscope/core";
import {
  type Endpoint,
  type EndpointOptions,
  openEndpoint,
  openRemoteModel,
  type RemoteChat,
  type RemoteModel,
  wireMessage,
} from "@tokenscope/remote";
import { type Command, Option } from "commander";
import type { ChatFile } from "../chat-file.ts";
import { glyphs } from "../table.ts";
import type { World } from "../world.ts";

interface EngineChoice {
  readonly engine: "local" | "openai";
  readonly baseUrl?: string;
  readonly apiKeyEnv?: string;
}

/** What the engine here decides, and on a server the server. */
const LOCAL_ONLY = ["precision", "threads", "parseSpecial", "stride"];

/** Words for --engine openai. */
const IN_PLACE = "openai: the OpenAI-compatible server of --base-url";

/** Adds --engine, --base-url and --api-key-env. */
export function addEngineChoice(command: Command, openai = IN_PLACE): Command {
  return command
    .addOption(
      new Option("--engine <engine>", `local: this machine; ${openai}`)
        .choices(["local", "openai"])
        .default("local"),
    )
    .option(
      "--base-url <url>",
      "the server's address, such as http://localhost:8000/v1; --model is then one that it lists",
    )
    .option("--api-key-env <name>", "the environment variable that holds the server's key");
}

/** The server's model where --engine openai was given, else null. Throws UsageError for options that do not go together, and as openRemoteModel does. */
export async function chosenRemoteModel(
  command: Command,
  world: World,
): Promise<RemoteModel | null> {
  const endpoint = chosenEndpoint(command, world);
  if (endpoint === null) return null;
  const { model }: { readonly model: string } = command.opts();
  return openRemoteModel(endpoint, isTyped(command, "model") ? model : null, world.signal);
}

/** The server where --engine openai was given, else null; it stands beside the engine here and not in its place. Throws UsageError for options that do not go together. */
export function endpointBeside(
  command: Command,
  world: World,
  patience: Pick<EndpointOptions, "retries" | "timeoutMs"> = {},
): Endpoint | null {
  const options: EngineChoice = command.opts();
  if (options.engine === "openai") {
    return openEndpoint({
      baseUrl: baseUrlOf(options),
      apiKey: keyOf(options, world),
      ...patience,
    });
  }
  checkLocal(options);
  return null;
}

/** The server where --engine openai was given, else null. Throws UsageError for options that do not go together. */
export function chosenEndpoint(command: Command, world: World): Endpoint | null {
  const options: EngineChoice = command.opts();
  if (options.engine === "local") return endpointBeside(command, world);
  const local = LOCAL_ONLY.find((name) => isTyped(command, name));
  if (local !== undefined) {
    const name = command.options.find((option) => option.attributeName() === local)?.long;
    throw new UsageError(
      `${name} is for the engine on this machine, and with --engine openai the server decides; leave it out`,
    );
  }
  return endpointBeside(command, world);
}

function isTyped(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) === "cli";
}

function checkLocal({ baseUrl, apiKeyEnv }: EngineChoice): void {
  const stray = baseUrl === undefined ? apiKeyEnv && "--api-key-env" : "--base-url";
  if (stray === undefined || stray === "") return;
  throw new UsageError(`${stray} names a server; add --engine openai to use it`);
}

function baseUrlOf({ baseUrl }: EngineChoice): string {
  if (baseUrl !== undefined) return baseUrl;
  throw new UsageError(
    "--engine openai needs the server's address; add --base-url, such as --base-url http://localhost:8000/v1",
  );
}

function keyOf({ apiKeyEnv }: EngineChoice, { env }: World): string | null {
  if (apiKeyEnv === undefined) return null;
  const key = env[apiKeyEnv] ?? "";
  if (key !== "") return key;
  throw new UsageError(
    `the environment variable ${apiKeyEnv} of --api-key-env is empty or not set; set it to the server's key`,
  );
}

/** The conversation of --chat, for the server's own template. */
export function remoteChat(chat: ChatFile, addGenerationPrompt: boolean): RemoteChat {
  const { tools, addGenerationPrompt: wanted = addGenerationPrompt } = chat;
  const messages = chat.messages.map(wireMessage);
  return { messages, ...(tools && { tools }), addGenerationPrompt: wanted };
}

/** A candidate as one visible string, of the text or the bytes that the server gave it. */
export function remoteCandidateGlyphs({
  id,
  text,
  bytesHex,
}: {
  readonly id: number | null;
  readonly text: string | null;
  readonly bytesHex?: string;
}): string {
  if (bytesHex !== undefined) return glyphs(Buffer.from(bytesHex, "hex"));
  return text === null ? `token ${id}` : glyphs(new TextEncoder().encode(text));
}
