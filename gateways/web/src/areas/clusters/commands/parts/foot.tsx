/** The buttons below a step of the wizard. */
import { Button, useWizardContext, WizardFooterWrapper } from '@patternfly/react-core';

export function Foot({ label = 'Next', next, cancel, disabled, busy }: { label?: string; /** Whether the next step is gone to. */ next: () => boolean; cancel: () => void; disabled?: boolean; busy?: boolean }) {
  const { activeStep, goToNextStep, goToPrevStep } = useWizardContext();
  return (
    <WizardFooterWrapper>
      <Button
        isDisabled={disabled === true || busy === true}
        isLoading={busy === true}
        onClick={() => {
          if (next()) void goToNextStep();
        }}
      >
        {label}
      </Button>
      <Button variant="secondary" isDisabled={activeStep.index === 1 || busy === true} onClick={() => void goToPrevStep()}>
        Back
      </Button>
      <Button variant="link" isDisabled={busy === true} onClick={cancel}>
        Cancel
      </Button>
    </WizardFooterWrapper>
  );
}
