/** What stands where an answer will be, or was not to be had. */
import { Alert, AlertActionLink, Bullseye, Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Spinner } from '@patternfly/react-core';
import ExclamationCircleIcon from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { advice, asProblem, type FieldError, type Problem } from '../api/problem';
import { sentence } from './words';

export function Loading({ what }: { what: string }) {
  return (
    <Bullseye className="cm-tall">
      <div className="cm-loading">
        <Spinner aria-label={`${what} is loading`} />
        <span aria-hidden className="cm-subtle">
          {what} is loading…
        </span>
      </div>
    </Bullseye>
  );
}

/** An answer, or what stands for it. What was shown stays while it is asked for again. */
export function Answered<T>({ query, what, back, waiting, children }: { query: UseQueryResult<T>; what: string; back?: ReactNode; waiting?: ReactNode; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Failed cause={query.error} retry={() => void query.refetch()} busy={query.isFetching} inline />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed cause={query.error} retry={() => void query.refetch()} back={back} busy={query.isFetching} />;
  return waiting ?? <Loading what={what} />;
}

/**
 * A problem: its title, detail, fields, trace id, and what to do; `back` leads to where one came from. `busy`: it is being tried again.
 * `byHand`: nothing asks again by itself.
 */
export function Failed({ cause, retry, inline, byHand = false, back, busy }: { cause: unknown; retry?: () => void; inline?: boolean; byHand?: boolean; back?: ReactNode; busy?: boolean }) {
  const { problem } = asProblem(cause);
  if (inline) {
    return (
      <Alert
        isInline
        role="alert"
        variant="danger"
        title={sentence(problem.title)}
        className="cm-space-below"
        actionLinks={retry && <AlertActionLink onClick={retry} isLoading={busy ?? false}>Try again</AlertActionLink>}
      >
        <Said problem={problem} byHand={byHand} />
      </Alert>
    );
  }
  return (
    <EmptyState role="alert" titleText={sentence(problem.title)} headingLevel="h2" icon={ExclamationCircleIcon} status="danger">
      <EmptyStateBody>
        <Said problem={problem} byHand={byHand} />
      </EmptyStateBody>
      {(retry ?? back) && (
        <EmptyStateFooter>
          <EmptyStateActions>
            {retry && (
              <Button variant="primary" onClick={retry} isLoading={busy ?? false}>
                Try again
              </Button>
            )}
            {back}
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

function Said({ problem, byHand }: { problem: Problem; byHand: boolean }) {
  return (
    <>
      {problem.detail !== problem.title && <p>{sentence(problem.detail)}</p>}
      {problem.errors && problem.errors.length > 0 && (
        <ul className="cm-plain-list">
          {problem.errors.map((field) => (
            <li key={JSON.stringify(field)}>{fieldText(field)}</li>
          ))}
        </ul>
      )}
      <p>{advice(problem, byHand)}</p>
      {problem.trace_id && (
        <p className="cm-subtle">
          Trace id <code>{problem.trace_id}</code>
        </p>
      )}
    </>
  );
}

export function fieldText(field: FieldError): string {
  const where = field.pointer ?? field.parameter ?? field.header;
  return where ? `${where}: ${field.detail}` : field.detail;
}

/** The rule that a field broke, to be shown beside it. `where` is a JSON Pointer into the body (RFC 6901), or the name of a parameter. */
export function fieldError(cause: unknown, where: string): string | undefined {
  if (!cause) return undefined;
  return asProblem(cause).problem.errors?.find((field) => field.pointer === where || field.parameter === where)?.detail;
}
