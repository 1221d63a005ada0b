// A button that says why it does not work instead of vanishing or losing the focus.

import type { ReactNode } from "react";

interface ActionButtonProps {
  readonly children: ReactNode;
  /** Why it does nothing now; null where it works. */
  readonly blocked: string | null;
  readonly onPress: () => void;
  readonly kind?: "main" | "plain" | "";
  readonly className?: string;
}

/** Stays focusable while it is blocked, so that nobody loses their place. */
export function ActionButton(props: ActionButtonProps) {
  const { children, blocked, onPress, kind = "", className = "" } = props;
  const isBlocked = blocked !== null;
  const classes = ["btn", kind, className];
  return (
    <button
      type="button"
      className={classes.filter(Boolean).join(" ")}
      aria-disabled={isBlocked}
      title={blocked ?? undefined}
      onClick={() => !isBlocked && onPress()}
    >
      {children}
    </button>
  );
}
