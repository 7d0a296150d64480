/** The account is not as it was when the dialog was opened (412): what changed, and the offer to take it over. */
import { Alert, AlertActionLink } from '@patternfly/react-core';

import { DiffTable } from '../../../kit/diff';
import { Answered } from '../../../kit/states';
import { type User, useUserNow } from '../queries';
import { decided } from './rules';

/** It may stand above what is in sight; once, so that nobody is taken from a field. */
const intoSight = (box: HTMLElement | null) => box?.scrollIntoView?.({ block: 'nearest' });

export function Meanwhile({ base, takeOver }: { base: User; takeOver: (now: User) => void }) {
  return (
    <Answered query={useUserNow(base.id, base.revision)} what="The account as it is now">
      {(now) => {
        const changed = JSON.stringify(decided(now)) !== JSON.stringify(decided(base));
        return (
          <div ref={intoSight}>
            <Alert
              isInline
              isLiveRegion
              component="h2"
              variant="warning"
              className="cm-space-below"
              title={changed ? 'Somebody changed the account meanwhile' : 'The account was used meanwhile'}
              actionLinks={<AlertActionLink onClick={() => takeOver(now)}>Take it over and go on</AlertActionLink>}
            >
              <p>
                Nothing of yours was recorded. It was at revision {base.revision}, and is at {now.revision}.
              </p>
              {changed ? <DiffTable before={decided(base)} after={decided(now)} label="What changed meanwhile" /> : <p>Somebody signed in or tried to, or the password changed. What you decide about is as it was.</p>}
            </Alert>
          </div>
        );
      }}
    </Answered>
  );
}
