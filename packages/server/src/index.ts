// Public surface of the server.

export type { ApiModel, OpenedModel } from "./api/api-models.ts";
export type { ServedModel } from "./model-files.ts";
export { type RunningServer, type ServerOptions, startServer } from "./server.ts";
