/** Signing in: as a page of its own, or over a page whose session has ended. */
import { Alert, Button, Card, CardBody, CardTitle, Form, FormGroup, Modal, ModalBody, TextInput } from '@patternfly/react-core';
import { useEffect, useId, useRef, useState } from 'react';

import { asProblem } from '../api/problem';
import { signIn } from '../api/session';
import { depart } from '../kit/arrival';
import { DialogHead } from '../kit/dialog';
import { repeated, Repeating, type Repeats } from '../kit/repeats';
import { Failed } from '../kit/states';

function SignInForm({ again }: { again?: boolean }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [tenant, setTenant] = useState('');
  const [failure, setFailure] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const [repeats, setRepeats] = useState<Repeats>();
  const id = useId();
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        setFailure(undefined);
        setRepeats(undefined);
        // Too many attempts are told at once.
        repeated(() => signIn(email.trim(), password, tenant.trim() || undefined), setRepeats, (problem) => problem.passing && problem.problem.status !== 429)
          .catch((cause: unknown) => setFailure(asProblem(cause)))
          .finally(() => setBusy(false));
      }}
    >
      {failure !== undefined && <Failed cause={failure} inline byHand />}
      <FormGroup label="E-mail address" isRequired fieldId={`${id}-email`}>
        <TextInput id={`${id}-email`} type="email" autoComplete="username" isRequired maxLength={254} value={email} onChange={(_event, text) => setEmail(text)} />
      </FormGroup>
      <FormGroup label="Password" isRequired fieldId={`${id}-password`}>
        <TextInput
          id={`${id}-password`}
          type="password"
          autoComplete="current-password"
          isRequired
          maxLength={1024}
          value={password}
          onChange={(_event, text) => setPassword(text)}
        />
      </FormGroup>
      {!again && (
        <FormGroup label="Tenant" fieldId={`${id}-tenant`}>
          <TextInput id={`${id}-tenant`} placeholder="default" autoComplete="organization" maxLength={63} value={tenant} onChange={(_event, text) => setTenant(text)} />
        </FormGroup>
      )}
      <Repeating busy={busy} repeats={repeats} keyed={false} />
      <Button type="submit" isBlock isLoading={busy} isDisabled={busy || !email || !password}>
        Sign in
      </Button>
    </Form>
  );
}

export function SignInPage() {
  useEffect(() => {
    document.title = 'Sign in · ClusterMaster';
    depart();
  }, []);
  return (
    <main className="cm-sign-in">
      <Card isLarge className="cm-sign-in-card">
        <CardTitle component="h1">Sign in to ClusterMaster</CardTitle>
        <CardBody>
          <SignInForm />
        </CardBody>
      </Card>
      <p className="cm-subtle">
        First time here? The hub wrote the administrator&apos;s address and password where it was started, in the lines that it printed.
      </p>
    </main>
  );
}

/** An open dialog below hides all others from screen readers each time it is drawn, and closes at the Escape that was pressed in this one: neither may be. */
function Uppermost() {
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const box = mark.current?.closest('body > *');
    if (!box) return undefined;
    const heard = () => box.hasAttribute('aria-hidden') && box.removeAttribute('aria-hidden');
    const watch = new MutationObserver(heard);
    watch.observe(box, { attributes: true, attributeFilter: ['aria-hidden'] });
    heard();
    const keep = (event: Event) => event instanceof KeyboardEvent && event.key === 'Escape' && event.stopPropagation();
    box.addEventListener('keydown', keep);
    return () => {
      watch.disconnect();
      box.removeEventListener('keydown', keep);
    };
  }, []);
  return <span ref={mark} hidden />;
}

export function SignInAgain() {
  const id = useId();
  return (
    <Modal isOpen variant="small" aria-labelledby={id} elementToFocus={`#${CSS.escape(id)}-body input`}>
      <DialogHead title="Your session has ended" labelId={id} />
      <ModalBody id={`${id}-body`}>
        <Alert isInline isPlain variant="info" title="Nothing that you typed is lost: sign in, and go on where you were." className="cm-space-below" />
        <Uppermost />
        <SignInForm again />
      </ModalBody>
    </Modal>
  );
}
