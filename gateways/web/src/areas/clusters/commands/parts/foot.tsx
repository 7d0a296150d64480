/** The buttons below a step of the wizard. */
import { ActionList, ActionListGroup, ActionListItem, Button, useWizardContext, WizardFooterWrapper } from '@patternfly/react-core';

export function Foot({
  label = 'Next',
  next,
  cancel,
  disabled,
  busy,
}: {
  label?: string;
  /** Whether the next step is gone to. */ next: () => boolean;
  cancel: () => void;
  disabled?: boolean;
  busy?: boolean;
}) {
  const { activeStep, goToNextStep, goToPrevStep } = useWizardContext();
  return (
    <WizardFooterWrapper>
      <ActionList>
        <ActionListGroup>
          <ActionListItem>
            <Button
              isDisabled={disabled === true || busy === true}
              isLoading={busy === true}
              onClick={() => {
                if (next()) void goToNextStep();
              }}
            >
              {label}
            </Button>
          </ActionListItem>
          <ActionListItem>
            <Button variant="secondary" isDisabled={activeStep.index === 1 || busy === true} onClick={() => void goToPrevStep()}>
              Back
            </Button>
          </ActionListItem>
        </ActionListGroup>
        <ActionListGroup>
          <ActionListItem>
            <Button variant="link" isDisabled={busy === true} onClick={cancel}>
              Cancel
            </Button>
          </ActionListItem>
        </ActionListGroup>
      </ActionList>
    </WizardFooterWrapper>
  );
}
