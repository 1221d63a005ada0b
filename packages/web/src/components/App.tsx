// The Internals page, on a desktop and on a phone.

import { lazy, Suspense, useEffect } from "react";
import { BranchMap } from "./BranchMap.tsx";
import { BranchRow } from "./BranchRow.tsx";
import { Composer } from "./Composer.tsx";
import { wideKey } from "./key-press.ts";
import { useLabAddress } from "./lab/use-lab-address.ts";
import { NoticeBar } from "./NoticeBar.tsx";
import { OpenDialog } from "./OpenDialog.tsx";
import { OpenDrawer } from "./OpenDrawer.tsx";
import { DesktopPanel, PhoneSheet } from "./PanelLayout.tsx";
import { isTexts } from "./page-keys.ts";
import { Script } from "./Script.tsx";
import { SpanSection } from "./SpanSection.tsx";
import { StatusLine } from "./StatusLine.tsx";
import { usePage, usePageStore } from "./store-context.ts";
import { TopBar } from "./TopBar.tsx";
import { useAddress, useLinks } from "./use-address.ts";
import { useFileDrop } from "./use-file-drop.ts";
import { LOW, PHONE, useMedia } from "./use-media.ts";

const LabGuide = lazy(async () => ({ default: (await import("./lab/LabGuide.tsx")).LabGuide }));

/** The whole page. */
export function App() {
  const isPhone = useMedia(PHONE);
  const isLow = useMedia(LOW);
  const isLabOpen = usePage((state) => state.isLabOpen);
  const isDrawerOpen = usePage((state) => state.drawer !== null);
  useTheme();
  usePageWideKeys();
  useAddress();
  useFileDrop();
  useLinks();
  useLabAddress();
  return (
    <>
      <a className="skip" href="#strip">
        Skip to the tokens
      </a>
      <TopBar />
      <main className={isLabOpen ? "work lab" : "work"}>
        {isLabOpen && (
          <Suspense fallback={<aside className="lab-pane" aria-label="Lab guide" />}>
            <LabGuide />
          </Suspense>
        )}
        {isPhone ? <PhoneWork /> : <DesktopWork />}
      </main>
      <StatusLine isCovered={isPhone && !isLow && isDrawerOpen} />
      <OpenDialog />
      <LiveRegion />
    </>
  );
}

function DesktopWork() {
  return (
    <>
      <section className="doc" aria-label="Conversation">
        <BranchMap />
        <Script />
        <Notices />
        <OpenDrawer />
        <SpanSection />
        <Composer />
      </section>
      <DesktopPanel />
    </>
  );
}

function PhoneWork() {
  const isDrawerOpen = usePage((state) => state.drawer !== null);
  const isLow = useMedia(LOW);
  return (
    <>
      <section className="doc" aria-label="Conversation">
        <BranchRow />
        <Script />
        <Notices />
        <OpenDrawer />
      </section>
      <PhoneSheet isCovered={isDrawerOpen} areVerbsCovered={isDrawerOpen && !isLow} />
    </>
  );
}

function Notices() {
  return (
    <section className="notices" aria-label="Notice">
      <NoticeBar />
    </section>
  );
}

function LiveRegion() {
  const announcement = usePage((state) => state.announcement);
  return (
    <div className="vh" aria-live="polite">
      {announcement}
    </div>
  );
}

function useTheme(): void {
  const theme = usePage((state) => state.theme);
  useEffect(() => {
    const root = document.documentElement;
    if (theme === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
  }, [theme]);
}

function usePageWideKeys(): void {
  const store = usePageStore();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const verb = wideKey(event);
      if (verb === null || isTexts(verb, event.target)) return;
      const { actions, work, dialog } = store.getState();
      if (verb === "keys" && dialog !== null) return;
      event.preventDefault();
      if (verb === "open" || verb === "export" || verb === "keys") actions.openDialog(verb);
      else if (work.kind !== "generating") actions[verb]();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [store]);
}
