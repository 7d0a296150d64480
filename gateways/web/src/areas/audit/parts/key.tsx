/** The key that signatures are checked with: the hub's own word for it, or one that the person holds. */
import { Alert, Button, Form, TextInput } from '@patternfly/react-core';
import { useId, useRef, useState } from 'react';

import { holdKey } from '../keeping';
import { Bad } from '../verify/bytes';
import { engine } from '../verify/engine';
import { readKey } from '../verify/note';
import { HELD_KEY, HUB_KEY } from '../verify/words';
import { Field } from './filters';

/** Where a key is typed. */
export const KEY_FIELD = 'cm-audit-key-field';

export function KeyPanel({ named, held }: { named: string | undefined; held: string | undefined }) {
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string>();
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const hold = (key: string | undefined) => {
    holdKey(key);
    // What was pressed goes away.
    heading.current?.focus();
  };
  const keep = async () => {
    const key = text.trim();
    try {
      await readKey(await engine(), key);
      hold(key);
      setText('');
      setFault(undefined);
    } catch (cause) {
      if (!(cause instanceof Bad)) throw cause;
      setFault(cause.message);
    }
  };
  return (
    <section aria-labelledby={`${id}-title`} className="cm-audit-key cm-space-below">
      <h2 id={`${id}-title`} ref={heading} tabIndex={-1} className="cm-heading">
        Whose key
      </h2>
      {held === undefined ? (
        <>
          {named !== undefined && (
            <p>
              The hub names this key: <code className="cm-audit-id">{named}</code>
            </p>
          )}
          <p className="cm-space-below">{HUB_KEY}</p>
          <Form
            onSubmit={(event) => {
              event.preventDefault();
              void keep();
            }}
          >
            <Field id={KEY_FIELD} label="A verifier key that you hold" error={fault} help="It stays in this browser, and is used for each entry that you verify here.">
              <TextInput
                id={KEY_FIELD}
                value={text}
                placeholder="NAME+ID+BASE64"
                maxLength={400}
                autoComplete="off"
                spellCheck={false}
                validated={fault ? 'error' : 'default'}
                aria-describedby={`${KEY_FIELD}-help`}
                onChange={(_event, value) => setText(value)}
              />
            </Field>
            <div>
              <Button type="submit" variant="secondary" isDisabled={text.trim() === ''}>
                Verify with this key
              </Button>
            </div>
          </Form>
        </>
      ) : (
        <>
          <p>
            You hold: <code className="cm-audit-id">{held}</code>
          </p>
          <p>{HELD_KEY}</p>
          {named !== undefined && named !== held && (
            <Alert isInline isPlain component="p" variant="info" title="The hub writes its key under the name of your tenant; what counts is the key itself, and that is compared.">
              <code className="cm-audit-id">{named}</code>
            </Alert>
          )}
          <Button variant="link" isInline onClick={() => hold(undefined)}>
            Forget this key
          </Button>
        </>
      )}
    </section>
  );
}
