// Over the foot of the strip, so that nothing moves when it comes or goes: loading, failed, or what went wrong last.

import { useState } from "react";
import { type Notice, noticeOf } from "../views/status.ts";
import { useActions, usePage } from "./store-context.ts";

/** The notice of the moment; nothing where there is nothing to say. */
export function NoticeBar() {
  const model = usePage((state) => state.model);
  const problem = usePage((state) => state.problem);
  const news = usePage((state) => state.news);
  const isRecording = usePage((state) => state.isRecording);
  const notice = noticeOf({ model, problem, news, isRecording });
  if (notice === null) return null;
  switch (notice.kind) {
    case "loading":
      return <LoadingNotice notice={notice} />;
    case "failed":
      return <FailedNotice notice={notice} />;
    case "problem":
      return <ProblemNotice notice={notice} />;
    case "news":
      return <NewsNotice notice={notice} />;
    default:
      return notice.kind satisfies never;
  }
}

interface NoticeProps {
  readonly notice: Notice;
}

function LoadingNotice({ notice }: NoticeProps) {
  const { stopLoading } = useActions();
  const { title, text, aside, share } = notice;
  const percent = Math.round((share ?? 0) * 100);
  return (
    <div className="notice">
      <b>{title}</b>
      <span
        className="meter"
        role="progressbar"
        aria-label="Download"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={text}
      >
        <i style={{ width: `${percent}%` }} />
      </span>
      <span>{text}</span>
      <span className="grow label">{aside}</span>
      {text !== "" && (
        <button type="button" className="btn plain" onClick={stopLoading}>
          Stop <kbd>.</kbd>
        </button>
      )}
    </div>
  );
}

function FailedNotice({ notice }: NoticeProps) {
  const actions = useActions();
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="notice err" role="alert">
      <b>{notice.title}</b>
      <span className="grow">{notice.text}</span>
      <button type="button" className="btn" onClick={actions.retry}>
        Try again
      </button>
      <button type="button" className="btn" onClick={() => actions.openDialog("models")}>
        Choose a model
      </button>
      {notice.details !== "" && (
        <button
          type="button"
          className="btn plain"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          Details
        </button>
      )}
      {isOpen && <pre className="details">{notice.details}</pre>}
    </div>
  );
}

function ProblemNotice({ notice }: NoticeProps) {
  const actions = useActions();
  return (
    <div className="notice err" role="alert">
      <span className="grow">{notice.text}</span>
      <button type="button" className="btn plain" onClick={actions.dismissProblem}>
        Dismiss
      </button>
    </div>
  );
}

function NewsNotice({ notice }: NoticeProps) {
  const actions = useActions();
  return (
    <div className="notice" role="status">
      <span className="grow">{notice.text}</span>
      <button type="button" className="btn plain" onClick={actions.dismissNews}>
        Dismiss
      </button>
    </div>
  );
}
