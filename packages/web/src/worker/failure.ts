// An error that crossed a border, as the error that it was.

import type { FailureMessage } from "@tokenscope/calls";
import { EngineError, FormatError, UsageError } from "@tokenscope/core";

/** The error of a message: of core's classes, a DOMException for what was stopped, else a plain one. */
export function errorOf({ name, message, details }: FailureMessage): Error {
  const options = { cause: details };
  switch (name) {
    case "UsageError":
      return new UsageError(message, options);
    case "FormatError":
      return new FormatError(message, options);
    case "EngineError":
      return new EngineError(message, options);
    case "AbortError":
      return new DOMException(message, name);
    default:
      return new Error(message, options);
  }
}
