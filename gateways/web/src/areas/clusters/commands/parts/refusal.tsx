/** A refusal of the import, with the way to each field that it names. */
import { Alert, AlertActionLink, List, ListItem, useWizardContext } from '@patternfly/react-core';

import { asProblem } from '../../../../api/problem';
import { Failed } from '../../../../kit/states';
import { FIELDS, told } from '../draft';

export function Refusal({ cause, retry, focus }: { cause: unknown; retry?: () => void; focus: (id: string) => void }) {
  const { goToStepById } = useWizardContext();
  const said = told(cause);
  const fields = FIELDS.filter(({ pointer }) => said[pointer] !== undefined);
  if (fields.length === 0) return <Failed cause={cause} inline byHand {...(retry ? { retry } : {})} />;
  const { problem } = asProblem(cause);
  return (
    <Alert
      isInline
      component="h3"
      variant="danger"
      title={problem.title}
      className="cm-space-above cm-space-below"
      actionLinks={fields.map(({ pointer, step, id, title }) => (
        <AlertActionLink
          key={pointer}
          onClick={() => {
            focus(id);
            goToStepById(step);
          }}
        >
          Mend: {title}
        </AlertActionLink>
      ))}
    >
      <List>
        {fields.map(({ pointer, title }) => (
          <ListItem key={pointer} className="cm-breaks">
            {title}: {said[pointer]}
          </ListItem>
        ))}
      </List>
    </Alert>
  );
}
