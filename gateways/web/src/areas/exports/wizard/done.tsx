/** The export is recorded: now the test message goes out, and the other side is heard. */
import { Button, Spinner } from '@patternfly/react-core';
import CheckCircleIcon from '@patternfly/react-icons/dist/esm/icons/check-circle-icon';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';

import { ButtonLink } from '../../../kit/parts';
import { Failed } from '../../../kit/states';
import { count } from '../../../kit/words';
import { TestAnswer, useTest } from '../parts/actions';
import { getExport } from '../queries';

export function Done({ id, name, position }: { id: string; name: string; position: number }) {
  // The test reads the export: it has to be known first.
  const known = useQuery({ queryKey: ['exports', id, { asOf: undefined }], queryFn: ({ signal }) => getExport(id, signal) });
  const [testing, again] = useTest(known.data && id);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <>
      <h2 ref={heading} tabIndex={-1} className="cm-heading cm-exports-heading">
        {name} was created
      </h2>
      <ol className="cm-plain-list cm-exports-progress">
        <li>
          <CheckCircleIcon aria-hidden /> <span>Recorded at ledger position <Link to={`/audit/at/${position}`}>{count(position)}</Link>.</span>
        </li>
        <li>
          {known.data ? <CheckCircleIcon aria-hidden /> : !known.isError && <Spinner size="md" aria-label="Waiting for the hub" />}
          <span>{known.data ? 'The hub knows of it.' : 'Waiting until the hub knows of it…'}</span>
        </li>
      </ol>
      {known.isError && <Failed cause={known.error} retry={() => void known.refetch()} inline />}
      {known.data && <TestAnswer testing={testing} retry={again} />}
      {testing.kind === 'said' && !testing.delivered && (
        <p className="cm-space-above">
          The export stays, and the hub tries again by itself. How it is reached cannot be changed: when that is wrong, delete this export and create another one.
        </p>
      )}
      <div className="cm-actions cm-space-above">
        <ButtonLink to={`/exports/${id}`}>Go to the export</ButtonLink>
        {testing.kind === 'said' && (
          <Button variant="secondary" onClick={again}>
            Send the test again
          </Button>
        )}
      </div>
    </>
  );
}
