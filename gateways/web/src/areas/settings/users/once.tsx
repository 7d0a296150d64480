/** A password that is shown once: it closes only by saying that it was noted. */
import { Button, Modal, ModalBody } from '@patternfly/react-core';

import { DialogFoot, DialogHead } from '../../../kit/dialog';
import { useEffect, useId } from 'react';

import { Copied } from '../parts/copy';

export function Once({ name, password, close }: { name: string; password: string | undefined; close: () => void }) {
  const id = useId();
  const waits = password !== undefined;
  useEffect(() => {
    if (!waits) return undefined;
    const unload = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', unload);
    return () => removeEventListener('beforeunload', unload);
  }, [waits]);
  return (
    <Modal isOpen variant="small" aria-labelledby={`${id}-title`}>
      <DialogHead title={waits ? `One-time password for ${name}` : `The password for ${name} was lost on the way`} labelId={`${id}-title`} titleIconVariant={waits ? undefined : 'warning'} />
      <ModalBody>
        {waits ? (
          <>
            <Copied value={password} label="the one-time password" />
            <p className="cm-space-below">It is shown this once: the hub cannot show it again. Hand it over by a way that you trust.</p>
            <p>It holds until they change it, under Settings.</p>
          </>
        ) : (
          <p>The account is there, but the answer with its one-time password did not arrive, and the hub does not show it again. Give the account a new password.</p>
        )}
      </ModalBody>
      <DialogFoot>
        <Button onClick={close}>{waits ? 'I have noted it' : 'To the account'}</Button>
      </DialogFoot>
    </Modal>
  );
}
