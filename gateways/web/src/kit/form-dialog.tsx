/** A dialog in which something is filled in; its button leads to the preview of what will be recorded. */
import { Button, Form, Modal, ModalBody } from '@patternfly/react-core';
import { type ReactNode, useId } from 'react';

import { DialogFoot, DialogHead } from './dialog';
import { Failed } from './states';

export function FormDialog(props: {
  title: string;
  /** The id of what has the focus first; left out, the first that can have it. */
  focus?: string;
  /** What stands above the form. */
  above?: ReactNode;
  children: ReactNode;
  button: string;
  /** Whether its button can be pressed; left out, it can. */
  ready?: boolean;
  busy: boolean;
  /** What no field says. */
  failure?: unknown;
  submit: () => void;
  close: () => void;
}) {
  const id = useId();
  const ready = props.ready !== false && !props.busy;
  return (
    <Modal isOpen variant="medium" onClose={props.close} aria-labelledby={`${id}-title`} {...(props.focus ? { elementToFocus: `#${CSS.escape(props.focus)}` } : {})}>
      <DialogHead title={props.title} labelId={`${id}-title`} />
      <ModalBody tabIndex={0} role="region" aria-labelledby={`${id}-title`}>
        {props.above}
        <Form
          id={`${id}-form`}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) props.submit();
          }}
        >
          {props.children}
        </Form>
        {props.failure !== null && props.failure !== undefined && <Failed cause={props.failure} inline byHand />}
      </ModalBody>
      <DialogFoot>
        <Button type="submit" form={`${id}-form`} isLoading={props.busy} isDisabled={!ready}>
          {props.button}
        </Button>
        <Button variant="link" onClick={props.close}>
          Cancel
        </Button>
      </DialogFoot>
    </Modal>
  );
}
