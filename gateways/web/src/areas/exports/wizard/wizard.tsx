/** A new export, step by step. The step stands in the address; what was typed, secrets among it, in this page's memory only. */
import { ActionGroup, Button, Form } from '@patternfly/react-core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';

import { asProblem } from '../../../api/problem';
import { useMe } from '../../../app/me';
import { useCommand, type Why } from '../../../kit/command';
import { useUnsaved } from '../../../kit/leave';
import { ButtonLink, Frame } from '../../../kit/parts';
import { Repeating } from '../../../kit/repeats';
import { Failed, Loading } from '../../../kit/states';
import { create, planCreate, type Summary } from '../queries';
import { Done } from './done';
import { type Draft, EMPTY, unsent, wanted } from './draft';
import { Review } from './review';
import { type Breaches, breaches, fieldId, type Step, stepOf } from './rules';
import { What } from './what';
import { Where } from './where';

const STEPS: readonly [Step, string][] = [
  ['where', 'Where to'],
  ['what', 'What'],
  ['review', 'Review'],
];

export function NewExportPage() {
  const me = useMe();
  const may = me.data?.permissions.includes('exports:manage') ?? false;
  return (
    <Frame
      title="Create an export"
      actions={
        <ButtonLink variant="link" to="/exports">
          Back to the exports
        </ButtonLink>
      }
    >
      {may ? <Wizard /> : me.data ? <p>Only administrators create exports. Ask one of your tenant.</p> : me.isError ? <Failed cause={me.error} retry={() => void me.refetch()} /> : <Loading what="What you may do" />}
    </Frame>
  );
}

function Wizard() {
  const [params, setParams] = useSearchParams();
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [why, setWhy] = useState<Why>({ reason: '', changeRequest: '' });
  const [tried, setTried] = useState<ReadonlySet<Step>>(new Set());
  const [refused, setRefused] = useState<Breaches>({});
  /** Counts what was changed: commands are told apart by it, so that no secret is kept among them. */
  const [version, setVersion] = useState(0);
  const [made, setMade] = useState<{ id: string; name: string; position: number } | undefined>();
  const focus = useRef<string | undefined>(undefined);
  const heading = useRef<HTMLHeadingElement>(null);

  // Nobody gets to a step whose forerunners are not done, whatever the address says.
  const wished = STEPS.find(([step]) => step === params.get('step'))?.[0] ?? 'where';
  const reached = STEPS.findIndex(([step]) => step === wished || Object.keys(breaches(draft, step)).length > 0);
  const step = STEPS[reached]?.[0] ?? 'where';
  const errors: Breaches = { ...(tried.has(step) ? breaches(draft, step) : {}), ...refused };

  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setRefused({});
    setVersion((before) => before + 1);
  };
  const go = (to: Step, replace = false) => setParams({ step: to }, { replace });
  /** Field errors lead back to their step and field. */
  const refuse = (cause: unknown) => {
    const fields = (asProblem(cause).problem.errors ?? []).filter((field) => stepOf(field.pointer) !== undefined);
    const first = fields[0]?.pointer;
    const to = stepOf(first);
    if (!first || !to) return;
    setRefused(Object.fromEntries(fields.map((field) => [field.pointer ?? '', `The hub says: ${field.detail}.`])));
    focus.current = fieldId(first);
    go(to, true);
  };

  const plan = useMutation({ mutationFn: () => planCreate(wanted(draft)), onError: refuse, gcTime: 0 });
  const { mutate: preview } = plan;
  const command = useCommand<{ why: Why; version: number }, Summary>({
    waiting: 'The answer to the new export. It was sent, and may be carried out all the same: the list of exports tells.',
    done: (body) => `${body.name ?? 'The export'} was created`,
    send: async (_input, headers) => {
      const said = await create(wanted(draft), headers);
      setMade({ id: said.body.id, name: said.body.name ?? draft.name, position: said.position });
      return said;
    },
    why: (input) => input.why,
    // Secrets go out of memory as soon as the vault has them.
    onDone: () => setDraft(EMPTY),
  });

  useUnsaved(command.isPending ? [] : unsent(draft, why));

  const before = useRef(step);
  useEffect(() => {
    if (step === 'review') preview();
    const field = focus.current === undefined ? null : document.getElementById(focus.current);
    focus.current = undefined;
    if (field) field.focus();
    else if (before.current !== step) heading.current?.focus();
    before.current = step;
    // Only when the step is another one: the preview is of the draft as it was left.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [step]);

  if (made) return <Done {...made} />;

  const next = () => {
    const broken = Object.keys(breaches(draft, step));
    setTried(new Set([...tried, step]));
    if (broken[0]) {
      const id = fieldId(broken[0]);
      document.getElementById(id)?.focus();
      return;
    }
    if (step === 'review') command.mutate({ why, version }, { onError: refuse });
    else go(step === 'where' ? 'what' : 'review');
  };

  return (
    <>
      <nav aria-label="Steps">
        <ol className="cm-exports-steps">
          {STEPS.map(([one, title], index) => (
            <li key={one}>
              <button type="button" disabled={index > reached} aria-current={one === step ? 'step' : undefined} onClick={() => go(one)}>
                {index + 1}. {title}
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <Form
        className="cm-exports-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!command.isPending) next();
        }}
      >
        <h2 ref={heading} tabIndex={-1} className="cm-heading cm-exports-heading">
          {STEPS[reached]?.[1]}
        </h2>
        {step === 'where' && <Where draft={draft} change={change} errors={errors} />}
        {step === 'what' && <What draft={draft} change={change} errors={errors} />}
        {step === 'review' && <Review draft={draft} plan={plan} retry={() => preview()} why={why} setWhy={setWhy} failure={command.variables?.version === version ? command.error : undefined} />}
        <Repeating busy={command.isPending} repeats={command.repeats} />
        <ActionGroup>
          <Button type="submit" isLoading={command.isPending} isDisabled={command.isPending || (step === 'review' && !plan.isSuccess)}>
            {step === 'review' ? 'Create the export' : 'Next'}
          </Button>
          {step !== 'where' && (
            <Button variant="secondary" isDisabled={command.isPending} onClick={() => go(step === 'review' ? 'what' : 'where')}>
              Back
            </Button>
          )}
        </ActionGroup>
      </Form>
    </>
  );
}
