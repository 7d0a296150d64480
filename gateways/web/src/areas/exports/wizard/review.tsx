/** What will be recorded, before it is. */
import type { UseMutationResult } from '@tanstack/react-query';

import type { Schemas } from '../../../api/client';
import { PlannedEvents, type Why, WhyFields } from '../../../kit/command';
import { Failed, Loading } from '../../../kit/states';
import { Terms } from '../../../kit/terms';
import { addressOf, FORMATS, kindWord } from '../parts/words';
import { credentialsOf, type Draft, transportOf } from './draft';

export function Review(props: {
  draft: Draft;
  plan: Pick<UseMutationResult<Schemas['Plan'], unknown, void>, 'data' | 'error' | 'isPending' | 'isError'>;
  retry: () => void;
  why: Why;
  setWhy: (why: Why) => void;
  failure: unknown;
}) {
  const { draft, plan, retry, why, setWhy, failure } = props;
  const transport = transportOf(draft);
  const secrets = Object.keys(credentialsOf(draft) ?? {});
  const rows: [string, string][] = [
    ['Name', draft.name.trim()],
    ['Goes to', `${kindWord(transport)}, ${addressOf(transport)}`],
    ['Format', FORMATS[draft.format]],
    ['Secrets', secrets.length > 0 ? `${secrets.join(' and ').replaceAll('_', ' ')}, kept in the vault` : 'none'],
  ];
  return (
    <>
      <Terms rows={rows} isHorizontal />
      <div>
        <h3 className="cm-heading">What will be recorded</h3>
        {plan.data && !plan.isPending ? <PlannedEvents plan={plan.data} /> : plan.isError ? <Failed cause={plan.error} retry={retry} inline byHand /> : <Loading what="The preview" />}
      </div>
      <WhyFields why={why} change={setWhy} />
      {failure !== null && failure !== undefined && <Failed cause={failure} inline />}
    </>
  );
}
