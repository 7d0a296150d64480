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
      <Spinner aria-label={`${what} is loading`} />
    </Bullseye>
  );
}

/** An answer, or what stands for it. What was shown stays while it is asked for again. */
export function Answered<T>({ query, what, children }: { query: UseQueryResult<T>; what: string; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) {
    return (
      <>
        {query.isError && <Failed cause={query.error} retry={() => void query.refetch()} inline />}
        {children(query.data)}
      </>
    );
  }
  if (query.isError) return <Failed cause={query.error} retry={() => void query.refetch()} />;
  return <Loading what={what} />;
}

/** A problem: its title, detail, fields, trace id, and what to do. `byHand`: nothing asks again by itself. */
export function Failed({ cause, retry, inline, byHand = false }: { cause: unknown; retry?: () => void; inline?: boolean; byHand?: boolean }) {
  const { problem } = asProblem(cause);
  if (inline) {
    return (
      <Alert
        isInline
        variant="danger"
        title={sentence(problem.title)}
        className="cm-space-below"
        actionLinks={retry && <AlertActionLink onClick={retry}>Try again</AlertActionLink>}
      >
        <Said problem={problem} byHand={byHand} />
      </Alert>
    );
  }
  return (
    <EmptyState titleText={sentence(problem.title)} headingLevel="h2" icon={ExclamationCircleIcon} status="danger">
      <EmptyStateBody>
        <Said problem={problem} byHand={byHand} />
      </EmptyStateBody>
      {retry && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="primary" onClick={retry}>
              Try again
            </Button>
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
