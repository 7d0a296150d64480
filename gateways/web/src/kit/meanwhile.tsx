/** Somebody else was quicker (412): what changed since a dialog was opened, and the offer to take it over. */
import { Alert, AlertActionLink } from '@patternfly/react-core';
import type { ReactNode } from 'react';

import { intoSight } from './repeats';

export function ChangedMeanwhile({ title, was, is, children, takeOver }: { title: string; was: number; is: number; children: ReactNode; takeOver: () => void }) {
  return (
    <div ref={intoSight}>
      <Alert
        isInline
        isLiveRegion
        component="h2"
        variant="warning"
        className="cm-space-below"
        title={title}
        actionLinks={<AlertActionLink onClick={takeOver}>Take it over and go on</AlertActionLink>}
      >
        <p>
          Nothing of yours was recorded. It was at revision {was}, and is at {is}.
        </p>
        {children}
      </Alert>
    </div>
  );
}
