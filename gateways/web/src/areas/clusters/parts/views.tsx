/** Saved views: apply one, save what is shown, and see to them. */
import { Alert, Button, Divider, Dropdown, DropdownItem, DropdownList, Form, FormGroup, MenuToggle, Modal, ModalBody, TextInput } from '@patternfly/react-core';
import { useId, useState } from 'react';
import { useLocation, useNavigate } from 'react-router';

import { DialogFoot, DialogHead } from '../../../kit/dialog';
import { Fault } from '../../../kit/fault';
import { LONGEST_NAME, nameFault, queryOf, renamed, saved, useViews, type View } from '../views';

export function Views() {
  const [views] = useViews();
  const [open, setOpen] = useState(false);
  const [managing, setManaging] = useState(false);
  const { search } = useLocation();
  const navigate = useNavigate();
  const here = views.find((view) => queryOf(view.query) === queryOf(search));
  return (
    <>
      <Dropdown
        isOpen={open}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        isScrollable
        toggle={(ref) => (
          <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>
            {here ? `View: ${here.name}` : 'Saved views'}
          </MenuToggle>
        )}
      >
        <DropdownList>
          {views.map((view) => (
            <DropdownItem key={view.name} isSelected={view === here} onClick={() => void navigate({ pathname: '/clusters', search: view.query })}>
              {view.name}
            </DropdownItem>
          ))}
          {views.length > 0 && <Divider component="li" />}
          <DropdownItem onClick={() => setManaging(true)}>Save or change views…</DropdownItem>
        </DropdownList>
      </Dropdown>
      {managing && <Manage search={search} here={here} close={() => setManaging(false)} />}
    </>
  );
}

function Manage({ search, here, close }: { search: string; here: View | undefined; close: () => void }) {
  const [views, keep] = useViews();
  const [refused, setRefused] = useState(false);
  const [renaming, setRenaming] = useState<string>();
  const id = useId();
  const change = (next: readonly View[]) => setRefused(!keep(next));
  return (
    <Modal isOpen variant="small" onClose={close} aria-labelledby={`${id}-title`} elementToFocus={`#${CSS.escape(id)}-body input`}>
      <DialogHead title="Saved views" labelId={`${id}-title`} description="They are kept in this browser. To share one, share the address of the page: it says the same." />
      <ModalBody id={`${id}-body`}>
        {refused && <Alert isInline variant="danger" className="cm-space-below" title="This browser keeps nothing for this page. Bookmark the address instead." />}
        {here ? (
          <p className="cm-space-below">What the list shows now is saved as “{here.name}”.</p>
        ) : (
          <Name label="Save what the list shows now as" button="Save view" fault={(name) => nameFault(views, name)} done={(name) => change(saved(views, name, search))} />
        )}
        <h2 className="cm-heading">Views of this browser</h2>
        {views.length === 0 ? (
          <p className="cm-subtle">None yet.</p>
        ) : (
          <ul className="cm-plain-list cm-clusters-views">
            {views.map((view) => (
              <li key={view.name}>
                {renaming === view.name ? (
                  <Name
                    label={`New name of ${view.name}`}
                    button="Rename"
                    initial={view.name}
                    fault={(name) => nameFault(views, name, view.name)}
                    done={(name) => {
                      change(renamed(views, view.name, name));
                      setRenaming(undefined);
                    }}
                  />
                ) : (
                  <>
                    <span className="cm-clusters-view">
                      <strong>{view.name}</strong>
                      <span className="cm-subtle">{view.query ? decodeURIComponent(view.query.replaceAll('+', ' ')) : 'everything'}</span>
                    </span>
                    <Button variant="link" isInline aria-label={`Rename ${view.name}`} onClick={() => setRenaming(view.name)}>
                      Rename
                    </Button>
                    <Button variant="link" isInline isDanger aria-label={`Delete ${view.name}`} onClick={() => change(views.filter((one) => one !== view))}>
                      Delete
                    </Button>
                  </>
                )}
              </li>
            ))}
          </ul>
        )}
      </ModalBody>
      <DialogFoot>
        <Button variant="primary" onClick={close}>
          Done
        </Button>
      </DialogFoot>
    </Modal>
  );
}

function Name(props: { label: string; button: string; initial?: string; fault: (name: string) => string | undefined; done: (name: string) => void }) {
  const [name, setName] = useState(props.initial ?? '');
  const [shown, setShown] = useState(false);
  const id = useId();
  const fault = shown ? props.fault(name) : undefined;
  return (
    <Form
      className="cm-clusters-name"
      onSubmit={(event) => {
        event.preventDefault();
        setShown(true);
        if (props.fault(name)) return;
        props.done(name);
      }}
    >
      <FormGroup label={props.label} fieldId={id}>
        <TextInput id={id} maxLength={LONGEST_NAME} value={name} validated={fault ? 'error' : 'default'} aria-describedby={fault ? `${id}-fault` : undefined} onChange={(_event, text) => setName(text)} />
        <Fault id={`${id}-fault`} text={fault} />
      </FormGroup>
      <Button type="submit" variant="secondary">
        {props.button}
      </Button>
    </Form>
  );
}
