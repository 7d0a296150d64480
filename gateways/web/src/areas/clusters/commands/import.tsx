/** `/clusters/import`. */
import './styles.css';

import { Alert } from '@patternfly/react-core';
import { useSearchParams } from 'react-router';

import { useMay, useMe } from '../../../app/me';
import { Frame } from '../../../kit/parts';
import { useMoment } from '../../../kit/past';
import { Answered } from '../../../kit/states';
import { ImportWizard } from './wizard';

export default function ImportPage() {
  const me = useMe();
  const may = useMay('clusters:manage');
  const { asOf } = useMoment();
  const watched = useSearchParams()[0].get('cluster') ?? undefined;
  return (
    <Frame title="Import a cluster">
      <Answered query={me} what="What you may do">
        {() =>
          watched === undefined && asOf !== undefined ? (
            <Alert isInline component="h2" variant="info" title="Nothing can be imported in the past. Go back to now." />
          ) : watched === undefined && !may ? (
            <Alert isInline component="h2" variant="warning" title="Your roles do not permit to import clusters">
              It needs the permission clusters:manage. Ask an administrator of your tenant.
            </Alert>
          ) : (
            // What was put in belongs to one import: nothing of it is left behind in another.
            <ImportWizard key={watched ?? ''} watched={watched} />
          )
        }
      </Answered>
    </Frame>
  );
}
