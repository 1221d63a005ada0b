// The top bar: the name, a new conversation, and the theme.

import { LabButton } from "./lab/LabButton.tsx";
import { useActions, usePage } from "./store-context.ts";
import { DARK, useMedia } from "./use-media.ts";

/** Brand, New conversation, and the switch between light and dark. */
export function TopBar() {
  const actions = useActions();
  const theme = usePage((state) => state.theme);
  const isBusy = usePage((state) => state.work.kind === "generating");
  const systemIsDark = useMedia(DARK);
  const isDark = theme === "dark" || (theme === "system" && systemIsDark);
  return (
    <header className="top">
      <span className="brand">
        <svg width="18" height="16" viewBox="0 0 18 16" aria-hidden="true">
          <path d="M0 10h3v6H0zM5 4h3v12H5zM10 12h3v4h-3zM15 0h3v16h-3z" />
        </svg>
        Tokenscope
      </span>
      <span className="page-name">Internals</span>
      <div className="end">
        <LabButton />
        <button
          type="button"
          className="btn plain"
          aria-disabled={isBusy}
          onClick={() => !isBusy && actions.startNew()}
        >
          New conversation
        </button>
        <button
          type="button"
          className="btn plain"
          aria-label={`Switch to ${isDark ? "light" : "dark"}`}
          onClick={() => actions.setTheme(isDark ? "light" : "dark")}
        >
          {isDark ? "Light" : "Dark"}
        </button>
      </div>
    </header>
  );
}
