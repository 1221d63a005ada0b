// What stands on screen when drawing the page failed: a sentence and a way on, never a blank page.

import { Component, type ReactNode } from "react";

interface PageBoundaryProps {
  readonly children: ReactNode;
  /** Forgets the saved page, which else would fail again at every visit. */
  readonly forget: () => Promise<void>;
}

interface PageBoundaryState {
  readonly error: Error | null;
}

/** Catches what its children throw while they are drawn. */
export class PageBoundary extends Component<PageBoundaryProps, PageBoundaryState> {
  override readonly state: PageBoundaryState = { error: null };

  static getDerivedStateFromError(error: unknown): PageBoundaryState {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const startAgain = async (): Promise<void> => {
      await this.props.forget();
      location.assign(location.pathname);
    };
    return (
      <main className="empty" role="alert">
        <p>The page could not be drawn. Reload it, or start with an empty page.</p>
        <p>
          <button type="button" className="btn" onClick={() => location.reload()}>
            Reload
          </button>{" "}
          <button type="button" className="btn" onClick={() => void startAgain()}>
            Start with an empty page
          </button>
        </p>
        <pre className="details">{error.stack}</pre>
      </main>
    );
  }
}
