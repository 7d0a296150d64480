/** Who one is, and the way out. */
import { Alert, AlertActionCloseButton, AlertGroup, Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { advice, asProblem, type ProblemError } from '../api/problem';
import { signOut } from '../api/session';
import { mayLeave } from '../kit/leave';
import { repeated, type Repeats } from '../kit/repeats';
import { sentence } from '../kit/words';
import { useMe } from './me';

type Leaving = { kind: 'no' } | { kind: 'asked'; repeats?: Repeats } | { kind: 'failed'; cause: ProblemError };

export function Account() {
  const me = useMe();
  const [open, setOpen] = useState(false);
  const [leaving, setLeaving] = useState<Leaving>({ kind: 'no' });
  const navigate = useNavigate();
  const name = me.data?.display_name ?? me.data?.email ?? 'Account';
  const leave = () => {
    if (leaving.kind === 'asked') return;
    void mayLeave().then((leaves) => leaves && ask());
  };
  const ask = () => {
    setLeaving({ kind: 'asked' });
    repeated(signOut, (repeats) => setLeaving({ kind: 'asked', repeats })).catch((cause: unknown) => setLeaving({ kind: 'failed', cause: asProblem(cause) }));
  };
  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        popperProps={{ position: 'right' }}
        toggle={(ref) => (
          <MenuToggle ref={ref} variant="plainText" isExpanded={open} onClick={() => setOpen(!open)} aria-label={`Account: ${name}`}>
            <span className="cm-account">{name}</span>
          </MenuToggle>
        )}
      >
        <DropdownList>
          <DropdownItem onClick={() => void navigate('/settings')}>Settings</DropdownItem>
          <DropdownItem onClick={leave}>Sign out</DropdownItem>
        </DropdownList>
      </Dropdown>
      <AlertGroup isToast isLiveRegion aria-label="Signing out">
        {leaving.kind === 'asked' && leaving.repeats && <Alert component="p" variant="info" title="Signing out: no answer came, it is being sent again" />}
        {leaving.kind === 'failed' && (
          <Alert
            component="p"
            variant="danger"
            title="You may still be signed in"
            actionClose={<AlertActionCloseButton title="You may still be signed in" onClose={() => setLeaving({ kind: 'no' })} />}
          >
            {sentence(leaving.cause.problem.detail)} {leaving.cause.passing ? 'Sign out once more.' : advice(leaving.cause.problem)}
          </Alert>
        )}
      </AlertGroup>
    </>
  );
}
