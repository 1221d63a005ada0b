// The models of the API: each is opened when it is first asked for, and has a scheduler of its own. Knows no route.

import {
  type ChatTemplate,
  type Engine,
  EngineError,
  FormatError,
  type ModelIdentity,
  type Precision,
  Scheduler,
  type SchedulerLimits,
  type SchedulerStatus,
  type Tokenizer,
  UsageError,
} from "@tokenscope/core";
import { RequestError } from "./request-error.ts";

/** What a model needs to answer. */
export interface OpenedModel {
  readonly identity: ModelIdentity;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: ChatTemplate | null; // null where the file has none
  /** What the weights take in memory on the kernel, in each precision. */
  readonly weightBytes: Readonly<Record<Precision, number>>;
}

/** A model by its name, and how to open it; the server closes its engine. */
export interface ApiModel {
  readonly id: string;
  /** Positions of its context before it is opened, as the header of its file tells. */
  readonly contextLength?: () => Promise<number>;
  open(): Promise<OpenedModel>;
}

/** A model that answers. */
export interface ReadyModel extends OpenedModel {
  readonly id: string;
  readonly scheduler: Scheduler;
}

/** The models, opened or not. */
export class ApiModels {
  readonly #models: readonly ApiModel[];
  readonly #limits: SchedulerLimits;
  readonly #opening = new Map<string, Promise<ReadyModel>>();
  readonly #ready = new Map<string, ReadyModel>();
  readonly #contextLengths = new Map<string, number>();

  constructor(models: readonly ApiModel[], limits: SchedulerLimits) {
    this.#models = models;
    this.#limits = limits;
  }

  get ids(): readonly string[] {
    return this.#models.map(({ id }) => id);
  }

  /** Positions of a model's context; null where only opening it would tell, or tell why not. */
  async contextLengthOf(id: string): Promise<number | null> {
    const known = this.#ready.get(id)?.engine.contextLength ?? this.#contextLengths.get(id);
    if (known !== undefined) return known;
    try {
      const told = await this.#modelOf(id)?.contextLength?.();
      if (told !== undefined) this.#contextLengths.set(id, told);
      return told ?? null;
    } catch {
      return null; // a list of models is no place for the sentence that opening this one gives
    }
  }

  /** What each opened model is doing. */
  get status(): Readonly<Record<string, SchedulerStatus>> {
    const each = [...this.#ready.values()].map(({ id, scheduler }) => [id, scheduler.status]);
    return Object.fromEntries(each);
  }

  /** The model of this name, or the first where none is named; throws RequestError 404 for an unknown one, EngineError where it cannot be opened: then the next request tries again. */
  async ready(name: string | undefined): Promise<ReadyModel> {
    const model = name === undefined ? this.#models[0] : this.#modelOf(name);
    if (model === undefined) throw this.#unknown(name ?? "");
    const opening = this.#opening.get(model.id) ?? this.#open(model);
    this.#opening.set(model.id, opening);
    try {
      return await opening;
    } catch (error) {
      this.#opening.delete(model.id);
      throw error;
    }
  }

  /** Throws RequestError 404 where there is no model of this name. */
  check(name: string): void {
    if (this.#modelOf(name) === undefined) throw this.#unknown(name);
  }

  /** Ends what runs and frees all models. */
  async close(): Promise<void> {
    for (const opening of this.#opening.values()) {
      const model = await opening.catch(() => null); // who asked has the failure
      await model?.scheduler.close();
      await model?.engine.close();
    }
  }

  async #open(model: ApiModel): Promise<ReadyModel> {
    const opened = await model.open().catch((cause: unknown) => {
      if (!(cause instanceof UsageError || cause instanceof FormatError)) throw cause;
      throw new EngineError(`the model "${model.id}" cannot be opened: ${cause.message}`, {
        cause, // of the server's options and files: no client can mend it
      });
    });
    const scheduler = new Scheduler({ engine: opened.engine, limits: this.#limits, pause: turn });
    const ready = { ...opened, id: model.id, scheduler };
    this.#ready.set(model.id, ready);
    return ready;
  }

  #modelOf(name: string): ApiModel | undefined {
    return this.#models.find(({ id }) => id === name);
  }

  #unknown(name: string): RequestError {
    const known = this.ids.join(", ") || "none";
    return new RequestError(
      `there is no model ${JSON.stringify(name)} here; served are: ${known}; start the server with --model to serve another`,
      { httpStatus: 404, param: "model", code: "model_not_found" },
    );
  }
}

/** One turn of Node's event loop: sockets are read and written. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
