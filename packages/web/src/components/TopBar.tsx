// The top bar: the name, the lab guide, what is done with whole conversations, and the theme.

import { LabButton } from "./lab/LabButton.tsx";
import { useActions, usePage } from "./store-context.ts";
import { COARSE, DARK, PHONE, useMedia } from "./use-media.ts";

/** Brand, Lab guide, New conversation, Open, Share, Export, the keys, and the switch between light and dark; on a phone the rest lies behind More. */
export function TopBar() {
  const { startNew, openDialog } = useActions();
  const isBusy = usePage((state) => state.work.kind === "generating");
  const isPhone = useMedia(PHONE);
  return (
    <header className="top">
      <span className="brand">
        <svg width="18" height="16" viewBox="0 0 18 16" aria-hidden="true">
          <path d="M0 10h3v6H0zM5 4h3v12H5zM10 12h3v4h-3zM15 0h3v16h-3z" />
        </svg>
        <span className="brand-name">Tokenscope</span>
      </span>
      <span className="page-name">Internals</span>
      <div className="end">
        <LabButton />
        <button
          type="button"
          className="btn plain"
          aria-disabled={isBusy}
          onClick={({ nativeEvent }) => {
            if (isBusy) return;
            startNew();
            if (!isTouch(nativeEvent)) focusMessage();
          }}
        >
          New conversation
        </button>
        {isPhone ? (
          <button type="button" className="btn plain" onClick={() => openDialog("more")}>
            More
          </button>
        ) : (
          <>
            <FileButtons className="btn plain" />
            <KeysButton className="btn plain" />
            <ThemeButton className="btn plain" />
          </>
        )}
      </div>
    </header>
  );
}

/** Open, Share and Export. */
export function FileButtons({ className }: { readonly className: string }) {
  const { openDialog } = useActions();
  return (
    <>
      <button type="button" className={className} onClick={() => openDialog("open")}>
        Open
      </button>
      <button type="button" className={className} onClick={() => openDialog("share")}>
        Share
      </button>
      <button type="button" className={className} onClick={() => openDialog("export")}>
        Export
      </button>
    </>
  );
}

/** The key map, which "?" opens as well. */
export function KeysButton({ className }: { readonly className: string }) {
  const { openDialog } = useActions();
  return (
    <button type="button" className={className} onClick={() => openDialog("keys")}>
      Keys <kbd>?</kbd>
    </button>
  );
}

/** True for a finger, whose focus in a text field would open the keyboard over the page; a key has no pointer. */
function isTouch(event: MouseEvent): boolean {
  if (event instanceof PointerEvent) return event.pointerType === "touch";
  return matchMedia(COARSE).matches;
}

/** The message is written next; where its tab has to open first, it is there with the next frame. */
function focusMessage(): void {
  requestAnimationFrame(() => document.getElementById("message")?.focus());
}

/** Switches between light and dark; the system's wish holds until it is pressed. */
export function ThemeButton({ className }: { readonly className: string }) {
  const { setTheme } = useActions();
  const theme = usePage((state) => state.theme);
  const systemIsDark = useMedia(DARK);
  const isDark = theme === "dark" || (theme === "system" && systemIsDark);
  return (
    <button
      type="button"
      className={className}
      aria-label={`Switch to ${isDark ? "light" : "dark"}`}
      onClick={() => setTheme(isDark ? "light" : "dark")}
    >
      {isDark ? "Light" : "Dark"}
    </button>
  );
}
