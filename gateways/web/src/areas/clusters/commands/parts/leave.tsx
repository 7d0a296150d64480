/** Asks before what was put in is left behind: on closing the tab, and on links. The browser’s way back cannot be held up. */
import { Button, Modal, ModalBody } from '@patternfly/react-core';
import { useEffect, useId, useState } from 'react';
import { useNavigate } from 'react-router';

import { prefix } from '../../../../api/base';
import { DialogFoot, DialogHead } from '../../../../kit/dialog';

export function useLeave(active: boolean) {
  const [to, setTo] = useState<string>();
  const navigate = useNavigate();
  useEffect(() => {
    if (!active) return;
    const unload = (event: BeforeUnloadEvent) => event.preventDefault();
    const click = (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
      if (!(link instanceof HTMLAnchorElement) || link.target === '_blank' || link.origin !== location.origin) return;
      event.preventDefault();
      event.stopPropagation();
      setTo(link.pathname.slice(prefix.length) + link.search + link.hash);
    };
    addEventListener('beforeunload', unload);
    document.addEventListener('click', click, true);
    return () => {
      removeEventListener('beforeunload', unload);
      document.removeEventListener('click', click, true);
    };
  }, [active]);
  const leave = (path: string) => (active ? setTo(path) : void navigate(path));
  const question = to !== undefined && <Question stay={() => setTo(undefined)} go={() => void navigate(to)} />;
  return { leave, question };
}

function Question({ stay, go }: { stay: () => void; go: () => void }) {
  const id = useId();
  return (
    <Modal isOpen variant="small" onClose={stay} aria-labelledby={id}>
      <DialogHead title="Leave this page?" labelId={id} titleIconVariant="warning" />
      <ModalBody>Nothing was sent yet. The kubeconfig and what you have written here are forgotten when you leave.</ModalBody>
      <DialogFoot>
        <Button onClick={stay}>Stay here</Button>
        <Button variant="link" onClick={go}>
          Leave
        </Button>
      </DialogFoot>
    </Modal>
  );
}
