// One logit taken apart, beside a rival's: the dot product, its terms, and the probability that comes of it.

import { useMemo } from "react";
import { comparedTokens, deeperAbsence } from "../../views/deeper.ts";
import { type LogitView, logitView } from "../../views/deeper-logit.ts";
import { useActions } from "../store-context.ts";
import { Absence, Running } from "./Absence.tsx";
import { TokenSelect } from "./TokenSelect.tsx";
import { useDeeper } from "./use-deeper.ts";

/** Two tokens' logits at the position shown. */
export function LogitPart() {
  const { place, deeper, model, vocabulary } = useDeeper();
  const { context } = place;
  const absence = deeperAbsence(context, place, model);
  const view = useMemo(() => {
    if (context === null) return null;
    const { prediction } = context.scored;
    const { token, rival } = comparedTokens(place, prediction, deeper);
    const [vector, rivalVector] = [token, rival].map((id) => context.finding.tokenVectors.get(id));
    const { contextVector } = prediction;
    if (!contextVector || !vector || !rivalVector) return null;
    return logitView({
      prediction,
      contextVector,
      token: { id: token, vector },
      rival: { id: rival, vector: rivalVector },
      termsOf: deeper.termsOf,
      logitCap: deeper.logitCap,
      vocabulary,
    });
  }, [context, place, deeper, vocabulary]);
  if (absence !== "") return <Absence words={absence} />;
  if (view === null || context === null) return <Running position={place.position - 1} />;
  const width = context.scored.prediction.contextVector?.length ?? 0;
  return (
    <div className="logit">
      <div className="logit-side">
        <p className="lead">
          A logit is a dot product: the {width} numbers of the context vector c after position{" "}
          {context.position}, times those of the token, e.
        </p>
        <TokenSelect label="Token" chosen="logitToken" />
        <Line line={view.lines[0]} />
        <TokenSelect label="Beside" chosen="rivalToken" />
        <Line line={view.lines[1]} />
        <p className="label">{view.logZ}.</p>
        <p className="found">{view.comparison}</p>
        {view.cap !== "" && <p className="label">{view.cap}</p>}
      </div>
      <Terms view={view} />
    </div>
  );
}

function Line({ line }: { readonly line: LogitView["lines"][number] | undefined }) {
  if (line === undefined) return null;
  return (
    <p className="equation">
      logit = c · e = {line.logit}
      <br />p = {line.exponent} = <b>{line.percent}</b>
    </p>
  );
}

const TERM_CHOICES = [
  { of: "token", label: "Token" },
  { of: "rival", label: "Beside" },
  { of: "difference", label: "Difference" },
] as const;

function Terms({ view }: { readonly view: LogitView }) {
  const { setDeeper } = useActions();
  const { deeper } = useDeeper();
  return (
    <div className="terms">
      <div className="terms-head">
        <h3>
          Largest terms of <span className="mono">{view.termsTitle}</span>
        </h3>
        <fieldset className="seg" aria-label="Terms of">
          {TERM_CHOICES.map(({ of, label }) => (
            <button
              key={of}
              type="button"
              aria-pressed={deeper.termsOf === of}
              onClick={() => setDeeper({ termsOf: of })}
            >
              {label}
            </button>
          ))}
        </fieldset>
      </div>
      <table>
        <thead>
          <tr className="label">
            <th scope="col">dimension</th>
            <th scope="col">c</th>
            <th scope="col">{view.columnOfToken}</th>
            <th scope="col">product</th>
            <th scope="col" className="term-bar">
              <span className="vh">bar of the product</span>
            </th>
            <th scope="col">sum so far</th>
          </tr>
        </thead>
        <tbody>
          {view.terms.map((term) => (
            <tr key={term.dimension}>
              <th scope="row" className="num">
                {term.dimension}
              </th>
              <td className="num">{term.context}</td>
              <td className="num">{term.token}</td>
              <td className="num">{term.product}</td>
              <td className="term-bar">
                <i className={term.bar < 0 ? "below" : ""} style={barStyle(term.bar)} />
              </td>
              <td className="num">{term.runningSum}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colSpan={3}>
              {view.rest.label}
            </th>
            <td className="num">{view.rest.product}</td>
            <td className="term-bar" />
            <td className="num">
              <b>{view.rest.sum}</b>
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function barStyle(bar: number) {
  const width = `${(50 * Math.abs(bar)).toFixed(1)}%`;
  return bar < 0 ? { width, right: "50%" } : { width, left: "50%" };
}
