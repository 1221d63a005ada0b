// Which engine runs the model and why; a choice where there is one.

import type { EngineOption, StatusBar } from "../views/status.ts";
import { usePage } from "./store-context.ts";

interface EngineChoiceProps {
  readonly status: StatusBar;
  readonly isBusy: boolean;
}

/** A select of the engines, or the name of the only one; its reason is the title. */
export function EngineChoice({ status, isBusy }: EngineChoiceProps) {
  const switchEngine = usePage((state) => state.actions.switchEngine);
  const { engine, engineReason, engines } = status;
  const current = engines.find(({ isCurrent }) => isCurrent);
  if (current === undefined) {
    return (
      <span className="engine" title={engineReason || undefined}>
        {engine}
      </span>
    );
  }
  return (
    <select
      className="engine"
      aria-label="Engine"
      title={engineReason}
      value={current.engine}
      disabled={isBusy}
      onChange={(event) => switchEngine(event.target.value as EngineOption["engine"])}
    >
      {engines.map((option) => (
        <option key={option.engine} value={option.engine} disabled={option.isBlocked}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
